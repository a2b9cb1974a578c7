import { describe, expect, it } from 'vitest';
import type { Cluster, UserFile } from '../../../src/model/cluster.ts';
import { assumedFacts } from '../../../src/model/facts.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import type { Finding } from '../../../src/plan/preflight/finding.ts';
import { preflight } from '../../../src/plan/preflight/preflight.ts';
import { found, host, single } from '../../samples/text.ts';
import { good } from '../../samples/inspection.ts';

const cp = host('cp-1', '10.0.0.11', ['control-plane']);
const worker = host('w-1', '10.0.0.21', ['worker']);

function findings(
  changes: Readonly<Record<string, Partial<Inspection>>>,
  more: { cluster?: Partial<Cluster>; clusterId?: string; ignore?: readonly string[] } = {},
): readonly Finding[] {
  const cluster = single({ hosts: [cp, worker], ...more.cluster });
  const seen = new Map(cluster.hosts.map((each) => [each.name, { ...good(each), ...changes[each.name] }]));
  return preflight(cluster, seen, more.clusterId, more.ignore ?? []);
}
const short = (list: readonly Finding[]): string[] =>
  list.map(({ host: name, check, level }) => `${name} ${check} ${level}`);

describe('preflight', () => {
  it('has no findings for hosts that meet all requirements', () => {
    expect(findings({})).toEqual([]);
  });

  const cases: [string, string, Partial<Inspection>, string, string][] = [
    ['tools', 'w-1', { missingTools: ['tar', 'ss'] }, 'Tools error', 'tar, ss'],
    [
      'another system',
      'w-1',
      { facts: { ...assumedFacts, os: { id: 'fedora', versionId: '43' } } },
      'OS error',
      'fedora 43 is not supported',
    ],
    [
      'another version',
      'w-1',
      { facts: { ...assumedFacts, os: { id: 'debian', versionId: '11' } } },
      'OS warning',
      'debian 11',
    ],
    ['no systemd', 'w-1', { systemd: false }, 'Systemd error', 'PID 1'],
    ['one CPU', 'cp-1', { cpus: 1 }, 'NumCPU error', '1 CPU'],
    ['little memory', 'cp-1', { memoryMiB: 1699 }, 'Mem error', '1699 MiB'],
    ['cgroup v1', 'w-1', { cgroupVersion: 1 }, 'Cgroups error', 'cgroup v1'],
    ['an old kernel', 'w-1', { kernel: '5.3.9' }, 'KernelVersion error', '5.3.9'],
    ['an older kernel', 'w-1', { kernel: '4.19.0-27-amd64' }, 'KernelVersion error', '4.19'],
    [
      'another address',
      'w-1',
      { addresses: [{ address: '10.0.2.15', prefix: 24, interface: 'eth0' }] },
      'NodeAddress error',
      '10.0.2.15 (eth0)',
    ],
    [
      'a port in use',
      'cp-1',
      { listening: [{ port: 6443, program: 'haproxy' }] },
      'Port-6443 error',
      'in use by haproxy',
    ],
    [
      "etcd's port in use",
      'cp-1',
      { listening: [{ port: 2380, program: 'python3' }] },
      'Port-2380 error',
      'python3',
    ],
    [
      "the kubelet's port in use",
      'w-1',
      { listening: [{ port: 10250, program: 'k3s' }] },
      'Port-10250 error',
      'k3s',
    ],
    ['a manifest', 'w-1', { manifests: ['backup.yaml.bak'] }, 'ForeignManifests error', 'backup.yaml.bak'],
    [
      "a control plane's manifest",
      'w-1',
      { manifests: ['etcd.yaml'] },
      'ForeignManifests error',
      'etcd.yaml',
    ],
    ['a slow look-up', 'w-1', { nameLookupMs: 2500 }, 'NameResolution warning', '2500 ms'],
    ['a look-up without end', 'w-1', { nameLookupMs: null }, 'NameResolution warning', 'did not finish'],
    ['a full disk', 'w-1', { freeMiB: { '/var/lib': 2047 } }, 'DiskSpace error', '2047 MiB free at /var/lib'],
    ['a clock ahead', 'w-1', { clockSkewMs: 61_000 }, 'ClockSkew error', '61 s ahead'],
    ['a clock behind', 'w-1', { clockSkewMs: -3_600_000 }, 'ClockSkew error', '3600 s behind'],
    ['swapped hosts', 'w-1', { hostname: 'cp-1.example' }, 'Hostname error', 'has the hostname cp-1.example'],
    ['another kboot cluster', 'w-1', { clusterId: 'abcdef' }, 'ForeignCluster error', 'abcdef'],
    ['another cluster', 'cp-1', { caDigest: 'abc' }, 'ForeignCluster error', 'kboot did not create'],
  ];

  it('knows the static Pods of spec.files, on their hosts only', () => {
    const file = (path: string, ...hosts: string[]): UserFile => ({
      ...{ path, hosts, mode: '644', stage: 'node', restarts: [], secret: false, content: { text: '' } },
    });
    const cluster = {
      files: [
        file('/etc/kubernetes/manifests/kube-vip.yaml', 'cp-1'),
        file('/etc/kubernetes/other.yaml', 'w-1'),
      ],
    };
    const seen = { manifests: ['kube-vip.yaml', '.kboot~kube-vip.yaml'] };
    expect(findings({ 'cp-1': seen }, { cluster })).toEqual([]);
    expect(short(findings({ 'w-1': seen }, { cluster }))).toEqual(['w-1 ForeignManifests error']);
    expect(short(findings({ 'w-1': { manifests: ['other.yaml'] } }, { cluster }))).toEqual([
      'w-1 ForeignManifests error',
    ]);
  });

  describe('of IPv6', () => {
    const node = host('w-1', '10.0.0.21', ['worker'], { secondAddress: 'fd00::21' });
    const { networking } = single();
    const dual = {
      hosts: [node, host('lb-1', '10.0.0.31', ['load-balancer'])],
      networking: {
        ...networking,
        podSubnets: ['10.244.0.0/16', 'fd00:10:244::/56'],
        serviceSubnets: ['10.96.0.0/12', 'fd00:10:96::/112'],
      },
    };
    const both = [
      { address: '10.0.0.21', prefix: 24, interface: 'eth0' },
      { address: 'fe80::1', prefix: 64, interface: 'eth0' },
      { address: 'fd00::21', prefix: 64, interface: 'eth0' },
    ];
    const [four, local] = [found(both[0]), found(both[1])];
    const of = (change: Partial<Inspection>, cluster: Partial<Cluster> = dual): readonly Finding[] =>
      findings({ 'w-1': { addresses: both, ...change } }, { cluster });

    it('does not check a cluster without it, or a host that is not a node', () => {
      const off = { ipv6Off: ['kernel'], advertisedRoutes: ['eth0'] };
      expect(of(off, { hosts: dual.hosts })).toEqual([]);
      expect(findings({ 'w-1': { addresses: both }, 'lb-1': off }, { cluster: dual })).toEqual([]);
    });

    it.each<[string, Partial<Inspection>, string, string]>([
      [
        'no IPv6 in the kernel',
        { ipv6Off: ['kernel'], addresses: [four] },
        'IPv6 error',
        'kernel runs without',
      ],
      [
        'IPv6 off on its interface',
        { ipv6Off: ['eth0'], addresses: [four] },
        'IPv6 error',
        'conf.eth0.disable_ipv6',
      ],
      ['IPv6 off for new interfaces', { ipv6Off: ['default'] }, 'IPv6 error', 'conf.default.disable_ipv6'],
      [
        'no second address',
        { addresses: [four, local] },
        'NodeAddress error',
        'only link-local IPv6 addresses',
      ],
      [
        'another second address',
        { addresses: [four, { address: 'fd00::99', prefix: 64, interface: 'eth1' }] },
        'NodeAddress error',
        'no interface has fd00::21; the host has fd00::99 (eth1)',
      ],
      [
        'addresses on two interfaces',
        { addresses: [four, { address: 'fd00::21', prefix: 64, interface: 'eth1' }] },
        'NodeAddress error',
        '10.0.0.21 is on eth0, but fd00::21 is on eth1',
      ],
      ['a route that forwarding would lose', { advertisedRoutes: ['eth0'] }, 'AcceptRA error', 'on eth0'],
    ])('finds %s', (_what, change, expected, message) => {
      const list = of(change);
      expect(short(list)).toEqual([`w-1 ${expected}`]);
      expect(found(list[0]).message).toContain(message);
    });

    it('has no findings for a node that meets all requirements', () => {
      expect(of({})).toEqual([]);
      expect(of({ ipv6Off: ['docker0'] })).toEqual([]);
      const addresses = [four, { address: 'fd00::21', prefix: 64, interface: 'eth1' }];
      const flannel = { backend: 'vxlan', interface: 'eth1' } as const;
      const stated = { ...dual, networking: { ...dual.networking, flannel } };
      expect(of({ addresses }, stated)).toEqual([]);
    });
  });

  it.each(cases)('finds %s', (_what, name, change, expected, message) => {
    const list = findings({ [name]: change });
    expect(short(list)).toEqual([`${name} ${expected}`]);
    expect(found(list[0]).message).toContain(message);
    expect(found(list[0]).remedy).not.toBe('');
  });

  it.each(cases)(
    'ignores %s by the name of its check, if that can be ignored, and nothing else',
    (_what, name, change, expected) => {
      const [check = ''] = expected.split(' ');
      const left = ['ForeignCluster', 'KubernetesVersion'].includes(check) ? 1 : 0;
      expect(findings({ [name]: change }, { ignore: [check] })).toHaveLength(left);
      expect(findings({ [name]: change }, { ignore: ['all'] })).toHaveLength(left);
      expect(findings({ [name]: change }, { ignore: [`${check}x`] })).toHaveLength(1);
    },
  );

  it('names the cluster whose state folder is missing, and distinguishes a duplicate entry from a clone', () => {
    const [lost] = findings({ 'w-1': { clusterId: 'abcdef' } });
    expect(lost?.message).toContain('the state folder of cluster test has no cluster ID');
    expect(lost?.remedy).toContain('.kboot/test beside the inventory');
    const [other] = findings({ 'w-1': { clusterId: 'abcdef' } }, { clusterId: 'fedcba' });
    expect(other?.message).toContain('(ID abcdef; that of cluster test is fedcba)');
    const machineId = 'one';
    const addresses = [
      { address: '127.0.0.1', prefix: 24, interface: 'lo' },
      { address: '10.0.0.21', prefix: 24, interface: 'eth0' },
    ];
    const messages = (change: Partial<Inspection>): string[] =>
      findings({ 'cp-1': { machineId, ...change }, 'w-1': { machineId, addresses } }).flatMap((each) =>
        each.check === 'MachineID' ? [each.message] : [],
      );
    expect(messages({})).toEqual(["its machine-id is also cp-1's"]);
    expect(messages({ addresses })).toEqual([
      'this is the same machine as cp-1: both have 10.0.0.21 and the same machine-id',
    ]);
  });

  it('reports all findings at once, each once', () => {
    const change = Object.assign({}, ...cases.slice(0, 9).map(([, , each]) => each)) as Partial<Inspection>;
    const list = findings({ 'cp-1': change, 'w-1': change });
    const all = short(list);
    expect(new Set(all).size).toBe(all.length);
    expect(list.filter((each) => each.host === 'cp-1').length).toBeGreaterThan(5);
    expect(all).toContain('w-1 Tools error');
  });

  it('accepts files of kboot itself', () => {
    const running = {
      listening: [
        'kube-apiserver:6443',
        'etcd:2379',
        'etcd:2380',
        'kubelet:10250',
        'kube-scheduler:10259',
        '?:10257',
      ].map((each) => {
        const [program = '', port] = each.split(':');
        return { port: Number(port), program };
      }),
      manifests: [
        'etcd.yaml',
        'kube-apiserver.yaml',
        'kube-controller-manager.yaml',
        'kube-scheduler.yaml',
        '.kboot~x',
      ],
      clusterId: 'ours',
      caDigest: 'abc',
      freeMiB: { '/var/lib': 300, '/usr/local': 50, '/etc': 1 },
    };
    expect(findings({ 'cp-1': running }, { clusterId: 'ours' })).toEqual([]);
    expect(short(findings({ 'cp-1': running }, { clusterId: 'other' }))).toEqual([
      'cp-1 ForeignCluster error',
    ]);
  });

  it('requires less of workers, and of hosts that are not nodes', () => {
    expect(findings({ 'w-1': { cpus: 1, memoryMiB: 512 } })).toEqual([]);
    const etcd = host('e-1', '10.0.0.31', ['etcd']);
    const change = { cpus: 1, memoryMiB: 512, cgroupVersion: 1 as const, freeMiB: { '/var/lib': 600 } };
    expect(findings({ 'e-1': change }, { cluster: { hosts: [cp, etcd, worker] } })).toEqual([]);
    expect(
      short(
        findings(
          {
            'e-1': {
              listening: [
                { port: 2379, program: 'x' },
                { port: 6443, program: 'x' },
              ],
            },
          },
          { cluster: { hosts: [cp, etcd, worker] } },
        ),
      ),
    ).toEqual(['e-1 Port-2379 error']);
  });

  it('accepts cgroup v1 if the kubelet does', () => {
    const old = { 'w-1': { cgroupVersion: 1 as const } };
    expect(findings(old, { cluster: { kubelet: { config: { failCgroupV1: false } } } })).toEqual([]);
    expect(findings(old, { cluster: { kubernetesVersion: 'v1.34.9' } })).toEqual([]);
  });

  it('compares hosts with each other', () => {
    expect(short(findings({ 'cp-1': { machineId: 'same' }, 'w-1': { machineId: 'same' } }))).toEqual([
      'w-1 MachineID error',
    ]);
    expect(short(findings({ 'cp-1': { productUuid: 'u' }, 'w-1': { productUuid: 'u' } }))).toEqual([
      'w-1 ProductUUID error',
    ]);
  });

  it('a virtual IP that is in use is reported once, and not if a load balancer of the cluster holds it', () => {
    const cluster = { loadBalancer: { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 } };
    const taken = { virtualIPHeldBy: '52:54:00:aa:bb:cc' };
    const list = findings({ 'cp-1': taken, 'w-1': taken }, { cluster });
    expect(short(list)).toEqual(['cp-1 VirtualIP error']);
    expect(found(list[0]).message).toContain('52:54:00:aa:bb:cc');
    const own = {
      addresses: [
        { address: '10.0.0.11', prefix: 24, interface: 'eth0' },
        { address: '10.0.0.100', prefix: 24, interface: 'eth0' },
      ],
    };
    expect(findings({ 'cp-1': own, 'w-1': taken }, { cluster })).toEqual([]);
    const former = { macAddresses: [taken.virtualIPHeldBy] };
    expect(findings({ 'cp-1': former, 'w-1': taken }, { cluster })).toEqual([]);
  });

  it.each([
    ['in no network of its interface', { virtualIP: '10.9.0.100' }, ['cp-1 VirtualIPNetwork warning']],
    ['of the network next door', { virtualIP: '10.0.1.100' }, ['cp-1 VirtualIPNetwork warning']],
    ['of the other family', { virtualIP: 'fd00::100' }, ['cp-1 VirtualIPNetwork warning']],
    ['on an interface that does not exist', { interface: 'eth9' }, ['cp-1 VirtualIPInterface error']],
    ['of a network of another interface', { virtualIP: '10.8.0.100', interface: 'eth1' }, []],
  ])('checks the network of a virtual IP: %s', (_what, change, expected) => {
    const loadBalancer = { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51, ...change };
    const addresses = [
      { address: '10.0.0.11', prefix: 24, interface: 'eth0' },
      { address: '10.8.0.11', prefix: 24, interface: 'eth1' },
    ];
    expect(short(findings({ 'cp-1': { addresses } }, { cluster: { loadBalancer } }))).toEqual(expected);
  });

  it('a running load balancer that left the inventory is reported once, by its address', () => {
    const cluster = { loadBalancer: { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 } };
    const seen = { formerPeers: ['10.0.0.12'] };
    const list = findings({ 'cp-1': seen, 'w-1': seen }, { cluster });
    expect(short(list)).toEqual(['cp-1 FormerLoadBalancer error']);
    expect(found(list[0]).message).toContain('10.0.0.12 left the inventory');
  });

  describe('the etcd of the API servers', () => {
    const external = {
      endpoints: ['https://10.0.0.31:2379', 'https://10.0.0.32:2379'],
      caFile: '/a',
      certFile: '/b',
      keyFile: '/c',
    };
    const foreign = { etcd: { extraArgs: [], external } };
    const etcdHosts = { hosts: [cp, worker, host('e-1', '10.0.0.41', ['etcd'])] };
    const own = ['https://127.0.0.1:2379'];
    it.each([
      ['its own etcd, as in the inventory', own, {}, []],
      ['an external one, as in the inventory', external.endpoints, foreign, []],
      [
        'an external one with an additional member',
        ['https://10.0.0.32:2379', 'https://10.0.0.39:2379'],
        foreign,
        [],
      ],
      ['hosts of the role etcd, as in the inventory', ['https://10.0.0.41:2379'], etcdHosts, []],
      ['its own etcd, but an external one in the inventory', own, foreign, ['cp-1 EtcdServers error']],
      ['an external one, but its own in the inventory', external.endpoints, {}, ['cp-1 EtcdServers error']],
      ['another external one', ['https://10.9.9.9:2379'], foreign, ['cp-1 EtcdServers error']],
      ['its own etcd, but hosts of the role in the inventory', own, etcdHosts, ['cp-1 EtcdServers error']],
    ] as const)('%s', (_what, etcdServers, cluster, expected) => {
      expect(short(findings({ 'cp-1': { etcdServers } }, { cluster }))).toEqual(expected);
    });
  });

  describe("of etcd's data folder", () => {
    const etcdDataDir = '/mnt/etcd/data';
    const moved = { etcd: { extraArgs: [], dataDir: etcdDataDir } };

    it('needs space there', () => {
      const freeMiB = { ...good(cp).freeMiB, [etcdDataDir]: 511 };
      const [full] = findings({ 'cp-1': { freeMiB } }, { cluster: moved });
      expect(full?.message).toBe('511 MiB free at /mnt/etcd/data; 512 MiB are needed');
    });
  });

  describe('of what static Pods mount', () => {
    const volume = { name: 'a', hostPath: '/srv/a', mountPath: '/srv/a', readOnly: true };
    const apiServer = {
      certSANs: [],
      extraArgs: [
        { name: 'audit-policy-file', value: '/etc/kubernetes/pki/audit.yaml' },
        { name: 'service-account-key-file', value: '/etc/kubernetes/pki/sa.pub' },
      ],
      extraVolumes: [
        { ...volume, pathType: 'File' as const },
        { ...volume, hostPath: '/srv/log', mountPath: '/srv/log', pathType: 'DirectoryOrCreate' as const },
      ],
    };
    const podPaths = { '/srv/a': 'File', '/etc/kubernetes/pki/audit.yaml': 'File' };
    const file = (path: string, ...hosts: string[]): UserFile => ({
      ...{ path, hosts, mode: '644', stage: 'host', restarts: [], secret: false, content: { text: '' } },
    });

    it('is content with what is there, and asks only on control planes', () => {
      expect(findings({ 'cp-1': { podPaths }, 'w-1': { podPaths: {} } }, { cluster: { apiServer } })).toEqual(
        [],
      );
    });

    it('names what is missing or something else', () => {
      const seen = { podPaths: { '/srv/a': 'Directory', '/etc/kubernetes/pki/audit.yaml': 'absent' } };
      const list = findings({ 'cp-1': seen }, { cluster: { apiServer } });
      expect(short(list)).toEqual(['cp-1 ExtraVolumes error', 'cp-1 ExtraVolumes error']);
      expect(list.map(({ message }) => message)).toEqual([
        '/srv/a is not a File, and the static Pod kube-apiserver does not start without it',
        '/etc/kubernetes/pki/audit.yaml does not exist, and the static Pod kube-apiserver does not start without it',
      ]);
      const hook = { name: 'h', when: 'before' as const, stage: 'host' as const, run: '', timeoutSeconds: 1 };
      const hooks = [{ ...hook, on: ['cp-1'] }];
      expect(short(findings({ 'cp-1': seen }, { cluster: { apiServer, hooks } }))).toEqual([
        'cp-1 ExtraVolumes warning',
        'cp-1 ExtraVolumes warning',
      ]);
    });

    it('counts on files of spec.files for the same host', () => {
      const seen = { podPaths: { '/srv/a': 'absent', '/etc/kubernetes/pki/audit.yaml': 'absent' } };
      const of = (...files: UserFile[]): readonly string[] =>
        short(findings({ 'cp-1': seen }, { cluster: { apiServer, files } }));
      expect(of(file('/srv/a', 'cp-1'), file('/etc/kubernetes/pki/audit.yaml', 'cp-1'))).toEqual([]);
      expect(of(file('/srv/a', 'w-1'), file('/etc/kubernetes/pki/audit.yaml', 'w-1'))).toHaveLength(2);
    });
  });

  it('does not check a host that was not read', () => {
    expect(preflight(single({ hosts: [cp, worker] }), new Map(), undefined, [])).toEqual([]);
  });
});
