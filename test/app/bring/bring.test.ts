import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { broughtInventory, nameOf, statedHosts, type Brought } from '../../../src/app/bring/bring.ts';
import { settleBrought, type Wishes } from '../../../src/app/bring/settle.ts';
import { settleHosts } from '../../../src/app/init/settle.ts';
import { knownVersions } from '../../../src/catalog/release.ts';
import { readAnsible } from '../../../src/foreign/ansible/read.ts';
import { readKubeadm } from '../../../src/foreign/kubeadm/read.ts';
import type { Foreign } from '../../../src/foreign/types.ts';
import { parseInventory } from '../../../src/inventory/parse.ts';
import { KbootError } from '../../../src/model/error.ts';
import { optionsFor } from '../../samples/inventory-options.ts';

const noWishes: Wishes = { controlPlanes: [], workers: [], pools: [] };

/** What `init --from-…` does between reading a file and writing another. */
export function bring(foreign: Foreign, wishes: Partial<Wishes> = {}): Brought {
  const all = { ...noWishes, ...wishes };
  const { hosts, guesses } = settleBrought(foreign, all);
  const stated = statedHosts(hosts);
  const { name } = nameOf(foreign, 'cluster.yaml');
  const answers = { ...all, name, hosts: stated, user: 'me', kubernetesVersion: '', look: false };
  return broughtInventory(
    { foreign, hosts, guesses, from: 'x' },
    ...([all, answers, settleHosts(stated, undefined), 'cluster.yaml'] as const),
  );
}

const ansible = (text: string, file = 'h.ini'): Foreign => readAnsible({ file, text }, [], knownVersions());

/** What becomes of a file of kubeadm's. */
const kubeadm = (text: string): ReturnType<typeof bring> =>
  bring(readKubeadm([{ file: 'k.yaml', text }], knownVersions()));

describe('an inventory that is brought', () => {
  it('keeps what is valid, and says what validate would say of the rest', () => {
    const { cluster, keys, text } = bring(
      ansible(
        `[kube_control_plane]
a ansible_host=10.0.0.1 node_taints="['a=b:NoSchedule']"
[kube_node]
b ansible_host=10.0.0.2 node_labels="{'zone': 'a', 'bad key!': 'x'}"
[all:vars]
kube_kubeadm_apiserver_extra_args={'secure-port': 1234, 'v': 3}
kubelet_custom_flags=['--token=hunter2']
kube_pods_subnet=10.0.0.0/16
kube_network_node_prefix=26
dns_domain=UPPER
kube_version=v1.36.2
`,
      ),
    );
    expect(cluster.apiServer.extraArgs).toEqual([{ name: 'v', value: '3' }]);
    expect(cluster.hosts.map(({ labels, taints }) => [labels, taints.length])).toEqual([
      [{}, 1],
      [{ zone: 'a' }, 0],
    ]);
    const why = Object.fromEntries(
      keys.map(({ key, became, why: each }) => [key, `${became ?? '-'}: ${each ?? ''}`]),
    );
    expect(why).toMatchInlineSnapshot(`
      {
        "ansible_host": "spec.hosts[].ssh.address: ",
        "dns_domain": "-: the inventory would not be valid: spec.networking.dnsDomain must be a DNS name (lowercase letters, digits, "-" and "." inside it), not "UPPER"; did you mean "upper"?",
        "group kube_control_plane": "spec.hosts[].roles: ",
        "group kube_node": "spec.hosts[].roles: ",
        "kube_kubeadm_apiserver_extra_args": "spec.apiServer.extraArgs: not all of it: the inventory would not be valid: spec.apiServer.extraArgs[0].name: secure-port cannot be changed: probes, preflight and the other components use port 6443; clients can use another one through spec.loadBalancer.port or spec.controlPlaneEndpoint",
        "kube_network_node_prefix": "spec.controllerManager.extraArgs: ",
        "kube_pods_subnet": "-: the inventory would not be valid: spec.hosts[0].address 10.0.0.1 (and 1 more host) is in podSubnet 10.0.0.0/16; choose another podSubnet",
        "kube_version": "spec.kubernetesVersion: ",
        "kubelet_custom_flags": "-: it looks like a secret: write spec.kubelet.extraArgs yourself, with \${NAME} for what the environment has",
        "node_labels": "spec.hosts[].labels: not all of it: the inventory would not be valid: spec.hosts[1].labels["bad key!"]: the key must be a Kubernetes name such as "zone" or "example.com/zone", not "bad key!"",
        "node_taints": "spec.hosts[].taints: ",
      }
    `);
    expect(text).not.toContain('hunter2');
  });

  it('has no secret of a variable or a flag by its name, and says so', () => {
    const { text, keys } = kubeadm(`apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 10.0.0.11 }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraEnvs: [{ name: AWS_SECRET_ACCESS_KEY, value: hunter2 }, { name: GOGC, value: '50' }]
  extraArgs: [{ name: oidc-issuer-url, value: 'https://me:hunter2@idp.example.com' }]
`);
    expect(text).not.toContain('hunter2');
    expect(text).toContain('GOGC');
    expect(keys.find(({ key }) => key === 'apiServer.extraEnvs')?.why).toContain('it looks like a secret');
  });

  it('has a flag with a path in a volume, though another field of the file is not valid', () => {
    const { cluster } = kubeadm(`apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 10.0.0.11 }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: { dnsDomain: UPPER }
apiServer:
  extraArgs: [{ name: audit-policy-file, value: /etc/kubernetes/audit/policy.yaml }]
  extraVolumes: [{ name: audit, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit }]
`);
    expect(cluster.apiServer.extraArgs.map(({ name }) => name)).toEqual(['audit-policy-file']);
  });

  it('has networks that are valid together only', () => {
    const { cluster } = bring(
      ansible(
        '[kube_control_plane]\na ansible_host=10.0.0.1\n[all:vars]\nkube_pods_subnet=10.5.0.0/25\nkube_network_node_prefix=27\n',
      ),
    );
    expect(cluster.networking.podSubnets).toEqual(['10.5.0.0/25']);
    expect(cluster.controllerManager.extraArgs).toEqual([{ name: 'node-cidr-mask-size', value: '27' }]);
  });

  it('states a login that all hosts share once', () => {
    const { text } = bring(
      ansible(
        '[master]\na ansible_host=10.0.0.1 ansible_port=2222\n[worker]\nb ansible_host=10.0.0.2\n[all:vars]\nansible_user=ops\nansible_ssh_common_args=-J gw',
      ),
    );
    expect(/ {2}ssh:[^]*/.exec(text)?.[0]).toMatchInlineSnapshot(`
      "  ssh:
          user: ops
          bastion:
            address: gw
        hosts:
          - name: a
            roles: [control-plane]
            address: 10.0.0.1
            ssh:
              port: 2222
          - name: b
            roles: [worker]
            address: 10.0.0.2
      "
    `);
  });

  it('any inventory: a valid file that says the same wherever it is read, or one clear error', () => {
    const value = fc.constantFrom(
      ...[
        '10.0.9.1',
        'x',
        "''",
        `"{'a': 'b c'}"`,
        "['a']",
        '22',
        '"-J a@b"',
        '${HOME}',
        '{{ip}}',
        'True',
        '0',
      ],
      ...['v1.35.2', 'flannel', '/data', '10.7.0.0/16', "{'maxPods': 200}", "['k=v:NoSchedule']", '\u202e'],
    );
    const key = fc.constantFrom(
      ...['ansible_user', 'ansible_port', 'node_labels', 'node_taints', 'kube_version', 'kube_pods_subnet'],
      ...['ansible_ssh_common_args', 'dns_domain', 'kubelet_config_extra_args', 'no_proxy', 'etcd_data_dir'],
      ...['supplementary_addresses_in_ssl_keys', 'kube_image_repo', 'http_proxy', 'kube_service_addresses'],
    );
    const pair = fc.tuple(key, value).map(([name, each]) => `${name}=${each}`);
    const host = fc.tuple(fc.constantFrom('a', 'B_2', 'c.d', 'e'), fc.array(pair, { maxLength: 3 }));
    const group = fc.tuple(
      fc.constantFrom('[kube_control_plane]', '[kube_node]', '[etcd]', '[x]'),
      fc.array(host, { minLength: 1, maxLength: 3 }),
    );
    const files = fc.tuple(fc.array(group, { minLength: 1, maxLength: 4 }), fc.array(pair, { maxLength: 5 }));
    let valid = 0;
    fc.assert(
      fc.property(files, ([groups, shared]) => {
        let count = 0;
        const lines = groups.flatMap(([head, list]) => [
          head,
          ...list.map(([name, pairs]) => [`${name} ansible_host=10.0.0.${++count}`, ...pairs].join(' ')),
        ]);
        let made: Brought;
        try {
          made = bring(ansible([...lines, '[all:vars]', ...shared].join('\n')), {
            endpoint: 'api.example.com:6443',
          });
        } catch (error) {
          expect(error).toBeInstanceOf(KbootError);
          expect((error as KbootError).code).toBe('E-USAGE');
          return;
        }
        valid++;
        const { cluster } = parseInventory(
          made.text,
          optionsFor('/repo/cluster.yaml', { HOME: '/elsewhere' }),
        );
        expect(cluster?.hosts.map(({ name, address }) => [name, address])).toEqual(
          made.cluster.hosts.map(({ name, address }) => [name, address]),
        );
        expect(made.keys.every(({ became, why }) => became !== undefined || why !== undefined)).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(valid).toBeGreaterThan(30);
  });
});
