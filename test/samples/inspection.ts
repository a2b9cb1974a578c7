import type { Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import type { Inspection } from '../../src/model/inspection.ts';
import { noPast } from '../../src/model/past.ts';

/** A host that meets every requirement. */
export function good(of: Pick<Host, 'name' | 'address'>): Inspection {
  return {
    facts: assumedFacts,
    machine: 'x86_64',
    bits: 64,
    packageManagers: ['apt'],
    kernel: '6.1.0-13-amd64',
    cpus: 2,
    memoryMiB: 1700,
    cgroupVersion: 2,
    systemd: true,
    hostname: of.name,
    machineId: `machine of ${of.name}`,
    productUuid: '',
    clockSkewMs: 0,
    addresses: [{ address: of.address, prefix: 24, interface: 'eth0' }],
    ipv6Off: [],
    advertisedRoutes: [],
    listening: [{ port: 22, program: 'sshd' }],
    udpListening: [],
    freeMiB: { '/var/lib': 2048, '/usr/local': 400, '/etc': 10 },
    space: [
      { folder: '/var/lib/containerd', freeMiB: 4096, mount: '/var' },
      { folder: '/var/lib/kboot', freeMiB: 4096, mount: '/var' },
      { folder: '/usr/bin', freeMiB: 1024, mount: '/' },
    ],
    manifests: [],
    clusterId: '',
    caDigest: '',
    etcdData: 'absent',
    etcdDataDir: '',
    etcdDatabaseMiB: 0,
    etcdInitialCluster: '',
    etcdInitialState: '',
    nameLookupMs: 3,
    missingTools: [],
    kubeletActive: false,
    flannelSubnets: [],
    flannelRuns: false,
    virtualIPHeldBy: '',
    formerPeers: [],
    dockerContainers: null,
    macAddresses: ['52:54:00:00:00:01'],
    firewalls: [],
    settings: {
      nodeName: '',
      nodeIPs: [],
      podSubnets: [],
      nodeMasks: { any: '', ipv4: '', ipv6: '' },
      serviceSubnets: [],
      controllerServiceSubnets: [],
      dnsDomain: '',
    },
    podVersions: {},
    etcdServers: [],
    past: noPast,
  };
}
