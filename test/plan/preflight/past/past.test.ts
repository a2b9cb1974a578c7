import { describe, expect, it } from 'vitest';
import type { Cluster, Host } from '../../../../src/model/cluster.ts';
import type { Inspection } from '../../../../src/model/inspection.ts';
import { noPast, type HostPast } from '../../../../src/model/past.ts';
import { pastChecks } from '../../../../src/plan/preflight/past/index.ts';
import { isExempt } from '../../../../src/plan/preflight/past/proxy.ts';
import { good } from '../../../samples/inspection.ts';
import { host, single } from '../../../samples/text.ts';

const node = host('w-1', '10.0.0.21', ['worker']);

/** `LEVEL CHECK MESSAGE` of each finding. */
function told(
  past: Partial<HostPast>,
  {
    on = node,
    cluster = {},
    seen = {},
  }: { on?: Host; cluster?: Partial<Cluster>; seen?: Partial<Inspection> } = {},
): readonly string[] {
  const all = single({ hosts: [on], ...cluster });
  const inspection = { ...good(on), ...seen, past: { ...noPast, ...past } };
  return pastChecks
    .flatMap((check) => check(on, inspection, all))
    .map(({ level, check, message }) => `${level} ${check} ${message}`);
}
const live = { clusterId: 'x', kubeletActive: true };
const etcd = host('e-1', '10.0.0.31', ['etcd']);
const withKubelet = (config: Cluster['kubelet']['config']): Partial<Cluster> => ({ kubelet: { config } });

describe('flags of the kubelet', () => {
  const flags = (
    value: string,
    name = 'KUBELET_EXTRA_ARGS',
    file = '/etc/default/kubelet',
  ): Partial<HostPast> => ({
    kubeletVariables: [{ file, line: 1, name, value }],
  });

  it.each([
    '--container-runtime=remote',
    '--network-plugin=cni --cni-conf-dir=/x',
    '--cgroup-driver=cgroupfs',
    '--node-ip 10.0.0.99',
    '--hostname-override=other',
    '--config=/etc/kubernetes/kubelet.yaml',
    '--container-runtime-endpoint=unix:///run/crio/crio.sock',
    '--logtostderr=true',
    '--cloud-provider=aws',
    '--register-node=false',
    '--cluster-domain="corp.example"',
  ])('%s is an error that names file and flag', (value) => {
    const [flag = ''] = /[a-z-]*[a-z]/.exec(value.replace(/^--/, '')) ?? [];
    expect(told(flags(value))[0]).toMatch(
      `error KubeletFlags /etc/default/kubelet:1 starts the kubelet with --${flag}: `,
    );
    expect(told(flags(value), { seen: live })[0]).toMatch(/^warning KubeletFlags/);
    expect(told(flags(value), { on: etcd })).toEqual([]);
  });

  it.each([
    '',
    '--max-pods=200 --v=2 --resolv-conf /etc/x',
    '--node-ip=10.0.0.21 --hostname-override=w-1 --cgroup-driver=systemd',
    '--container-runtime-endpoint=unix:///run/containerd/containerd.sock',
    '--cloud-provider=external --node-labels=container-runtime=x',
  ])('"%s" is the choice of the operator', (value) => {
    expect(told(flags(value))).toEqual([]);
  });

  it('follow the cgroup driver of the inventory', () => {
    const cluster = withKubelet({ cgroupDriver: 'cgroupfs' });
    expect(told(flags('--cgroup-driver=cgroupfs'), { cluster })).toEqual([]);
    expect(told(flags('--cgroup-driver=systemd'), { cluster })).toHaveLength(1);
  });

  it('depend on the version', () => {
    const pause = flags('--pod-infra-container-image=registry.example/pause:3.9');
    expect(told(pause, { cluster: { kubernetesVersion: 'v1.34.1' } })).toEqual([]);
    expect(told(pause, { cluster: { kubernetesVersion: 'v1.35.0' } })).toHaveLength(1);
  });

  it('only count where the kubelet reads them', () => {
    const drop = '/etc/systemd/system/kubelet.service.d/20-x.conf';
    expect(told(flags('--network-plugin=cni', 'KUBELET_EXTRA_ARGS', '/etc/sysconfig/kubelet'))).toEqual([]);
    expect(told(flags('--network-plugin=cni', 'KUBELET_EXTRA_ARGS', drop))).toHaveLength(1);
    expect(told(flags('--network-plugin=cni', 'KUBELET_KUBEADM_ARGS', drop))).toEqual([]);
    expect(told(flags('--config=/x', 'KUBELET_CONFIG_ARGS', drop))).toHaveLength(1);
    const both = [...(flags('--network-plugin=cni', 'KUBELET_EXTRA_ARGS', drop).kubeletVariables ?? [])];
    expect(told({ kubeletVariables: [...both, ...(flags('--v=1').kubeletVariables ?? [])] })).toEqual([]);
  });
});

describe('units', () => {
  const setting = (
    key: string,
    value: string,
    name = '20-x.conf',
    unit: 'kubelet' | 'containerd' = 'kubelet',
  ): Partial<HostPast> => ({
    unitSettings: [{ file: `/etc/systemd/system/${unit}.service.d/${name}`, line: 3, unit, key, value }],
  });

  it('drop-ins that replace the command or need what is not there are found; others add to the unit', () => {
    expect(told(setting('ExecStart', '/usr/bin/kubelet --token=secret'))).toEqual([
      'error KubeletUnit /etc/systemd/system/kubelet.service.d/20-x.conf:3 replaces the command that starts kubelet: /usr/bin/kubelet',
    ]);
    expect(told(setting('ExecStart', ''))).toEqual([]);
    // kboot's 10-kubeadm.conf comes later, and resets it.
    expect(told(setting('ExecStart', '/x', '0-containerd.conf'))).toEqual([]);
    expect(told(setting('ExecStart', '/x', '0-containerd.conf', 'containerd'))).toHaveLength(1);
    expect(told(setting('Requires', 'docker.service network.target'))).toEqual([
      'error KubeletUnit /etc/systemd/system/kubelet.service.d/20-x.conf:3 makes kubelet depend on docker.service (Requires=)',
    ]);
    expect(told(setting('Requires', 'containerd.service'))).toEqual([]);
    expect(told(setting('User', 'nobody'))).toHaveLength(1);
    expect(told(setting('User', 'root'))).toEqual([]);
    expect(told(setting('PrivateNetwork', 'yes', 'x.conf', 'containerd'))[0]).toMatch(
      /^error ContainerdUnit/,
    );
  });

  it('masked services are found where kboot sets them up', () => {
    const masked = { maskedUnits: ['kubelet', 'haproxy', 'etcd'] };
    expect(told(masked)).toHaveLength(1);
    expect(told(masked)[0]).toMatch('error MaskedUnit kubelet.service is masked');
    expect(told(masked, { on: etcd })[0]).toMatch('etcd.service');
  });

  it('another Kubernetes, and what disturbs Pods', () => {
    expect(told({ activeUnits: ['k3s-agent.service', 'nm-cloud-setup.timer'] })).toEqual([
      'error ForeignKubernetes another Kubernetes runs here: k3s-agent.service',
      expect.stringMatching(/^error ForeignNetwork nm-cloud-setup.timer is active/),
    ]);
    expect(told({ kubeletPackage: 'installed' })[0]).toMatch(/^warning KubeletPackage/);
    expect(told({ kubeletPackage: 'held' })).toEqual([]);
  });
});

describe('containers of the containerd that is there', () => {
  it('belong to an earlier cluster or somebody else, until kboot sets up the host', () => {
    expect(told({ containers: { 'k8s.io': 3 } })).toEqual([
      'error Containers 3 containers of an earlier Kubernetes cluster still run here',
    ]);
    expect(told({ containers: { default: 1, buildkit: 1, moby: 7 } })[0]).toContain(
      'runs 2 containers of somebody else (namespace default, buildkit)',
    );
    expect(told({ containers: { moby: 7 } })).toEqual([]);
    expect(told({ containers: { 'k8s.io': 3, default: 1 } }, { seen: { clusterId: 'x' } })).toEqual([]);
  });
});

describe('the kernel', () => {
  it('misses controllers, by the version of cgroups', () => {
    const v2 = ['cpuset', 'cpu', 'io', 'hugetlb', 'pids'];
    expect(told({ cgroupControllers: v2 })).toEqual([
      'error CgroupControllers the kernel offers no cgroup controller memory; the kubelet needs it',
    ]);
    expect(told({ cgroupControllers: [...v2, 'memory'] })).toEqual([]);
    expect(told({ cgroupControllers: [...v2, 'memory'] }, { seen: { cgroupVersion: 1 } })[0]).toContain(
      'cpuacct, devices, freezer',
    );
  });

  it('is kept from loading modules that this cluster needs', () => {
    const line = { file: '/etc/modprobe.d/cis.conf', line: 2, command: 'install', module: 'vxlan' } as const;
    expect(told({ modprobe: [line] })[0]).toMatch('KernelModules /etc/modprobe.d/cis.conf:2 (install vxlan)');
    expect(told({ modprobe: [{ ...line, module: 'wireguard' }] })).toEqual([]);
    expect(told({ modprobe: [{ ...line, command: 'blacklist', module: 'overlay' }] })[0]).toContain(
      'at boot',
    );
  });

  it('does not run programs on some file systems', () => {
    expect(told({ noExec: [{ folder: '/opt/cni/bin', mountPoint: '/opt' }] })).toEqual([
      'error NoExec /opt is mounted noexec: programs in /opt/cni/bin cannot run',
    ]);
    expect(told({ noExec: [{ folder: '/var/lib/kubelet', mountPoint: '/var' }] })[0]).toMatch(/^warning/);
  });
});

describe('state and rules', () => {
  it('a lock file that is a folder, rules that are restored at boot', () => {
    expect(told({ lockIsFolder: true })[0]).toMatch('XtablesLock');
    const rule = (text: string): HostPast['savedRules'][number] => ({
      file: '/etc/iptables/rules.v4',
      line: 9,
      rule: text,
    });
    const reject = '-j REJECT --reject-with icmp-host-prohibited';
    const found = told({
      savedRules: [
        rule(`-A INPUT ${reject}`),
        rule(`-A FORWARD ${reject}`),
        rule(':KUBE-SVC-X - [0:0]'),
        rule(':KUBE-FWD - [0:0]'),
      ],
    });
    expect(found.map((each) => each.split(' ')[0])).toEqual(['warning', 'error', 'warning']);
    expect(found[1]).toContain('/etc/iptables/rules.v4:9');
    expect(found[2]).toContain('KUBE-SVC-X');
  });
});

describe('name servers', () => {
  const resolver = (file: string, ...servers: readonly string[]): Partial<HostPast> => ({
    resolvers: [{ file, servers }],
  });
  it.each([['127.0.0.53'], ['::1'], ['127.0.0.1'], ['10.96.0.10']])('%s is CoreDNS itself', (server) => {
    expect(told(resolver('/etc/resolv.conf', '9.9.9.9', server))).toEqual([
      `error NameServers /etc/resolv.conf names ${server} as name server, which in CoreDNS's Pod is CoreDNS itself: it detects the loop and stops`,
    ]);
  });
  it('must be there, in the file that the kubelet reads', () => {
    expect(told(resolver('/etc/resolv.conf'))[0]).toContain('names no name server');
    expect(told(resolver('/etc/resolv.conf', '10.0.0.1', 'fe80::1%eth0'))).toEqual([]);
    const facts = { ...good(node).facts, systemdResolved: true };
    const stub = {
      resolvers: [
        { file: '/etc/resolv.conf', servers: ['127.0.0.53'] },
        { file: '/run/systemd/resolve/resolv.conf', servers: ['10.0.0.1'] },
      ],
    };
    expect(told(stub, { seen: { facts } })).toEqual([]);
    expect(
      told(stub, { seen: { facts }, cluster: withKubelet({ resolvConf: '/etc/resolv.conf' }) }),
    ).toHaveLength(1);
    expect(told(stub, { cluster: withKubelet({ resolvConf: '/etc/none' }) })[0]).toContain(
      '/etc/none, where',
    );
    expect(told(stub, { cluster: withKubelet({ resolvConf: '' }) })).toEqual([]);
  });
});

describe('a proxy for the kubelet', () => {
  const drop = { file: '/etc/systemd/system/kubelet.service.d/http-proxy.conf', line: 2 };
  const endpoint = single().controlPlaneEndpoint;
  it('is found unless it leaves out the API server', () => {
    const proxy = { ...drop, name: 'HTTPS_PROXY', value: 'http://user:secret@p:3128' };
    expect(told({ kubeletVariables: [proxy] })).toEqual([
      `error Proxy HTTPS_PROXY in ${drop.file} makes the kubelet reach the API server ${endpoint.host} through a proxy`,
    ]);
    const no = { ...drop, name: 'no_proxy', value: `localhost,${endpoint.host}` };
    expect(told({ kubeletVariables: [proxy, no] })).toEqual([]);
    expect(told({ managerProxies: [{ name: 'https_proxy', value: 'http://p' }] })[0]).toContain(
      'show-environment',
    );
  });
  it.each([
    ['10.0.0.11', '10.0.0.0/8', true],
    ['10.0.0.11', '10.0.0.11:6443', true],
    ['10.0.0.11', '10.0.0.11:443', false],
    ['10.0.0.11', '10.0.0', false],
    ['10.0.0.11', '*', true],
    ['fd00::1', 'fd00::/8', true],
    ['fd00::1', '[fd00::1]:6443', true],
    ['api.example', 'example', true],
    ['api.example', '.example', true],
    ['example', '.example', false],
    ['badexample', 'example', false],
    ['api.example', '', false],
  ])('NO_PROXY: %s in "%s" is %s', (name, list, expected) => {
    expect(isExempt(name, 6443, `x.invalid, ${list}`)).toBe(expected);
  });
});

describe('interfaces of Cilium', () => {
  it('are found before the host takes part in the cluster', () => {
    expect(told({ links: ['lo', 'cilium_host', 'cilium_net'] })[0]).toMatch(
      'ForeignNetwork interfaces of an earlier Cilium',
    );
    expect(told({ links: ['cilium_host'] }, { seen: live })).toEqual([]);
  });
});
