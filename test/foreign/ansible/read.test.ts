import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAnsible } from '../../../src/foreign/ansible/read.ts';
import type { Foreign } from '../../../src/foreign/types.ts';
import { knownVersions } from '../../../src/catalog/release.ts';

const known = ['v1.36.4', 'v1.36.2', 'v1.35.6'];
const read = (text: string, file = 'h.yml'): Foreign => readAnsible({ file, text }, [], known);
/** Cluster-wide variables, as a group would have them. */
const cluster = (vars: string): Foreign =>
  read(`all:\n  vars: {${vars}}\n  children: {kube_control_plane: {hosts: {a: {ansible_host: 10.0.0.1}}}}`);
const fields = (vars: string): unknown => {
  const entries = cluster(vars).fields.map(({ path, value }) => [path.join('.'), value]);
  return Object.fromEntries(entries) as unknown;
};
const why = (foreign: Foreign, key: string): string | undefined =>
  foreign.keys.find((seen) => seen.key === key)?.why;

describe('hosts of an Ansible inventory', () => {
  it('have the roles, addresses and logins of a Kubespray inventory', () => {
    const text = readFileSync(new URL('../../samples/foreign/kubespray.ini', import.meta.url), 'utf8');
    const { hosts } = read(text, 'inventory.ini');
    expect(
      hosts.map(({ name, roles, address, ssh }) => [name, roles?.join('+'), address, ssh.address, ssh.port]),
    ).toEqual([
      ['node01', 'control-plane', '10.3.0.1', '10.3.0.1', undefined],
      ['node02', 'control-plane', '10.3.0.2', '95.54.0.12', undefined],
      ['node03', 'control-plane', '10.3.0.3', '95.54.0.12', undefined],
      ['node04', 'worker', '10.3.0.4', 'node04.example.com', 2222],
      ...['rack1-a', 'rack1-b', 'rack2-a', 'rack2-b'].map((name) => [
        name,
        'worker',
        '10.3.0.9',
        name,
        undefined,
      ]),
    ]);
    expect(hosts.every(({ ssh }) => ssh.user === 'ops')).toBe(true);
    expect(hosts[3]?.fields.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['labels.zone', 'a'],
      ['labels.ssd', 'true'],
      ['taints.-1', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }],
    ]);
  });

  it('have roles by groups of other playbooks, and only those of the cluster are taken', () => {
    const roles = (text: string): unknown =>
      read(text, 'h.ini').hosts.map(({ name, roles: own = [] }) => `${name ?? ''}:${own.join('+')}`);
    expect(roles('[master]\na\n[node]\nb\n[k3s_cluster:children]\nmaster\nnode\n[nfs]\nc')).toEqual([
      'a:control-plane',
      'b:worker',
    ]);
    expect(roles('[server]\na\n[agent]\nb')).toEqual(['a:control-plane', 'b:worker']);
    // A group of groups says nothing, whatever it is called.
    expect(roles('[nodes:children]\nmasters\n[masters]\na\n[workers]\nb')).toEqual([
      'a:control-plane',
      'b:worker',
    ]);
    expect(roles('[kube-master]\na\n[kube-node]\na\nb\n[etcd]\na')).toEqual([
      'a:control-plane+worker',
      'b:worker',
    ]);
    expect(roles('[kube_control_plane]\na\n[etcd]\nb\nc\nd\n[kube_node]\ne')).toEqual([
      ...['a:control-plane', 'b:etcd', 'c:etcd', 'd:etcd', 'e:worker'],
    ]);
    expect(roles('a\nb')).toEqual(['a:', 'b:']);
    const partly = read('[kube_control_plane]\na\n[etcd]\na\nb\n[kube_node]\nb', 'h.ini');
    expect(partly.hosts.map((host) => host.roles)).toEqual([['control-plane'], ['worker']]);
    expect(partly.guesses[0]).toContain('etcd runs on the control planes');
  });

  it('are reached as Ansible reaches them', () => {
    const { hosts, keys } = read(
      `[bastion]
gw ansible_host=1.1.1.1 ansible_user=jump ansible_port=2022
[kube_control_plane]
a ansible_host=10.0.0.1 ansible_ssh_private_key_file=~/.ssh/k
b ansible_ssh_host=10.0.0.2 ansible_ssh_common_args='-o ProxyJump=ops@gw2 -o StrictHostKeyChecking=no'
local ansible_connection=local ip=10.0.0.3
win ansible_connection=winrm
`,
      'h.ini',
    );
    expect(
      hosts.map(({ name, isLocal, ssh }) => [name, isLocal, ssh.bastion?.address, ssh.bastion?.user]),
    ).toEqual([
      ['a', false, '1.1.1.1', 'jump'],
      ['b', false, 'gw2', 'ops'],
      ['local', true, undefined, undefined],
    ]);
    expect(hosts[0]?.ssh).toMatchObject({ identityFile: '~/.ssh/k', bastion: { port: 2022 } });
    expect(keys.find(({ key }) => key === 'host win')?.why).toContain('Linux hosts');
    expect(keys.find(({ key }) => key === 'ansible_ssh_common_args')).toMatchObject({
      became: 'spec.hosts[].ssh.bastion',
      why: expect.stringContaining('StrictHostKeyChecking: kboot always verifies') as unknown,
      at: { file: 'h.ini', line: 5 },
    });
  });

  it('are not reached by their names if ansible_host is one that SSH cannot take', () => {
    const addresses = (value: string): unknown =>
      read(`[masters]\nm ansible_host=${value}\n`, 'h.ini').hosts.map(({ ssh }) => ssh.address);
    expect(addresses('[fd00::2]')).toEqual(['fd00::2']);
    expect(addresses('m.example.com.')).toEqual(['m.example.com']);
    for (const value of ['fe80::1%eth0', '010.0.0.6', '10.0.0.1.', 'a_b', '-x'])
      expect(() => addresses(value)).toThrow(
        `h.ini:2:3: ansible_host of m must be an IP address without a zone, or a DNS name, not "${value}"`,
      );
  });

  it('has the login of a bastion', () => {
    const { hosts, keys } = read(
      '[bastion]\ngw ansible_host=1.1.1.1 ansible_user=jump\n[masters]\nm ansible_host=10.0.0.1\n',
      'h.ini',
    );
    expect(hosts[0]?.ssh.bastion).toMatchObject({ address: '1.1.1.1', user: 'jump' });
    expect(keys.find(({ key }) => key === 'ansible_user')?.became).toBe('spec.ssh.bastion');
  });

  it('has every key with its place and outcome, and no value', () => {
    const { keys } = read(
      `[kube_control_plane]
a ansible_host=10.0.0.1 ansible_password=hunter2 ansible_become=no my_thing=hunter2
b ansible_host="{{ lookup('x') }}" ip=nonsense vault_token=hunter2
[other]
`,
      'h.ini',
    );
    expect(
      keys.map(
        ({ key, at, became, why: reason = '' }) =>
          `${at.line}:${at.column} ${key} ${became ?? ''}| ${reason}`,
      ),
    ).toEqual([
      '1:1 group kube_control_plane spec.hosts[].roles| ',
      '4:1 group other | its name says no role in a cluster',
      '2:3 ansible_host spec.hosts[].ssh.address| not of 1 host (b): it is a template, which only Ansible evaluates',
      '2:25 ansible_password | a password: kboot asks for it, or reads KBOOT_SSH_PASSWORD and KBOOT_SUDO_PASSWORD; an inventory has none',
      '2:50 ansible_become | kboot needs root: it uses sudo, unless the user is root',
      '2:68 my_thing | no field of an inventory says this',
      '3:3 ansible_host spec.hosts[].ssh.address| not of 1 host (b): it is a template, which only Ansible evaluates',
      '3:36 ip | it is not an address',
      '3:48 vault_token | a secret, and an inventory has none',
    ]);
    expect(JSON.stringify(keys)).not.toContain('hunter2');
  });
});

describe('variables of Kubespray', () => {
  it('become fields where an inventory has the same', () => {
    expect(
      fields(
        `kube_version: 1.36.2, kube_pods_subnet: 10.233.64.0/18, kube_service_addresses: 10.233.0.0/18, dns_domain: c.example,
         kube_proxy_mode: ipvs, kube_proxy_strict_arp: yes, kubelet_max_pods: 200, etcd_data_dir: /data/etcd,
         loadbalancer_apiserver: {address: 1.2.3.4, port: 8443}, kube_network_plugin: flannel, flannel_backend_type: host-gw,
         kube_network_node_prefix: 25, supplementary_addresses_in_ssl_keys: [10.0.0.9, api.example.com],
         http_proxy: "http://proxy:3128", no_proxy: "a.example,.b", upstream_dns_servers: [10.0.0.53],
         kube_encrypt_secret_data: true, kubelet_config_extra_args: {maxOpenFiles: 5}, kubelet_custom_flags: ["--v=4"],
         kube_kubeadm_apiserver_extra_args: {audit-log-maxage: 30}`,
      ),
    ).toEqual({
      'spec.kubernetesVersion': 'v1.36.2',
      'spec.networking.podSubnet': '10.233.64.0/18',
      'spec.networking.serviceSubnet': '10.233.0.0/18',
      'spec.networking.dnsDomain': 'c.example',
      'spec.networking.flannel.backend': 'host-gw',
      'spec.kubeProxy.config.mode': 'ipvs',
      'spec.kubeProxy.config.ipvs.strictARP': true,
      'spec.kubelet.config.maxPods': 200,
      'spec.kubelet.config.maxOpenFiles': 5,
      'spec.kubelet.extraArgs.-1': { name: 'v', value: '4' },
      'spec.etcd.dataDir': '/data/etcd',
      'spec.controlPlaneEndpoint': '1.2.3.4:8443',
      'spec.controllerManager.extraArgs.-1': { name: 'node-cidr-mask-size', value: '25' },
      'spec.apiServer.certSANs.-1': 'api.example.com',
      'spec.apiServer.extraArgs.-1': { name: 'audit-log-maxage', value: '30' },
      'spec.proxy.http': 'http://proxy:3128',
      'spec.proxy.noProxy': ['a.example', '.b'],
      'spec.dns.upstream': ['10.0.0.53'],
      'spec.encryption.provider': 'secretbox',
    });
  });

  it('become the nearest version that kboot installs, and say so', () => {
    expect(fields('kube_version: v1.28.3')).toEqual({ 'spec.kubernetesVersion': 'v1.35.6' });
    expect(fields('kube_version: v1.35.1')).toEqual({ 'spec.kubernetesVersion': 'v1.35.6' });
    expect(fields('k3s_version: v1.35.6+k3s1')).toEqual({ 'spec.kubernetesVersion': 'v1.35.6' });
    expect(why(cluster('kube_version: v1.28.3'), 'kube_version')).toContain(
      'v1.35.6: this kboot installs none',
    );
    expect(why(cluster('kube_version: main'), 'kube_version')).toContain('is not a version');
    expect(knownVersions().length).toBeGreaterThan(0);
  });

  it('are dual-stack, MetalLB, kube-vip and OpenID Connect if they are switched on', () => {
    const dual =
      'kube_pods_subnet: 10.1.0.0/16, kube_pods_subnet_ipv6: "fd00::/56", kube_network_node_prefix_ipv6: 120';
    expect(fields(dual)).toEqual({ 'spec.networking.podSubnet': '10.1.0.0/16' });
    expect(fields(`ipv6_stack: true, ${dual}`)).toEqual({
      'spec.networking.podSubnet': '10.1.0.0/16,fd00::/56',
      'spec.controllerManager.extraArgs.-1': { name: 'node-cidr-mask-size-ipv6', value: '120' },
    });
    const pools =
      'metallb_config: {address_pools: {primary: {ip_range: [10.5.0.0/16], auto_assign: true}}, layer3: {}}';
    expect(fields(pools)).toEqual({});
    expect(fields(`metallb_enabled: true, ${pools}`)).toEqual({
      'spec.metallb.pools.-1': { name: 'primary', addresses: ['10.5.0.0/16'] },
    });
    expect(fields('kube_vip_enabled: true, kube_vip_address: 10.0.0.100')).toEqual({
      'spec.loadBalancer.virtualIP': '10.0.0.100',
    });
    expect(fields('kube_vip_address: 10.0.0.100, kube_oidc_url: "https://x"')).toEqual({});
    expect(fields('kube_oidc_auth: true, kube_oidc_url: "https://x"')).toEqual({
      'spec.apiServer.extraArgs.-1': { name: 'oidc-issuer-url', value: 'https://x' },
    });
  });

  it('leave the Service proxy, the Pod network and the time to others', () => {
    expect(fields('kube_proxy_remove: true')).toEqual({ 'spec.kubeProxy.enabled': false });
    expect(fields('kube_proxy_remove: false')).toEqual({});
    for (const name of ['cni', 'custom_cni', 'none'])
      expect(fields(`kube_network_plugin: ${name}`)).toEqual({ 'spec.networking.cni': 'none' });
    const servers = 'ntp_servers: ["0.pool.ntp.org iburst", 10.0.0.5]';
    expect(fields(`ntp_enabled: true, ntp_manage_config: true, ${servers}`)).toEqual({
      'spec.ntp.servers': ['0.pool.ntp.org', '10.0.0.5'],
    });
    expect(fields(`ntp_enabled: true, ${servers}`)).toEqual({});
  });

  it('are named with the reason where there is no counterpart', () => {
    const foreign = cluster(
      `kube_network_plugin: calico, container_manager: crio, calico_version: v3, helm_enabled: true, etcd_deployment_type: host,
       http_proxy: "http://user:hunter2@proxy:3128", gvisor_enabled: true, cni_version: 1, unknown_thing: 1, kubelet_max_pods: x`,
    );
    expect(foreign.fields).toEqual([]);
    expect(why(foreign, 'kube_network_plugin')).toContain('For calico, set spec.networking.cni to none');
    expect(why(foreign, 'container_manager')).toContain('containerd');
    expect(why(foreign, 'http_proxy')).toContain('it has a password');
    expect(why(foreign, 'kubelet_max_pods')).toContain('not one that kboot understands');
    expect(foreign.keys.filter(({ became }) => became === undefined).every((key) => key.why !== '')).toBe(
      true,
    );
    expect(JSON.stringify(foreign)).not.toContain('hunter2');
  });
});
