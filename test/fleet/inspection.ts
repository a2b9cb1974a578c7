import { staticPodComponents } from '../../src/model/component.ts';
import { encryptionPath } from '../../src/model/encryption.ts';
import type { Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { sha256 } from '../../src/model/digest.ts';
import { manifestParts } from '../../src/observe/manifest-probe.ts';
import { settingsParts } from '../../src/observe/settings-probe.ts';
import { manifestPath } from '../../src/resource/static-pod.ts';
import type { Resource } from '../../src/resource/types.ts';

/** What the probe finds on a host that kboot set up. */
export interface InstalledHost {
  readonly resources: readonly Resource[];
  readonly clusterId: string;
  readonly caPem: string;
}

/**
 * What the inspection of a host prints, by section: a Debian that meets every requirement, with `assumedFacts`. `isServing`: the
 * endpoint is.
 */
export function inspectionOf(
  { name, address, roles }: Host,
  installed: InstalledHost | undefined,
  isServing: boolean,
): ReadonlyMap<string, string> {
  const { os, caDirectories } = assumedFacts;
  const gib = 64 * 1024 * 1024;
  const measured = ['/var/lib', '/usr/local', '/etc', '/var/lib/etcd'];
  const filled = ['/var/lib/containerd', '/var/lib/kboot', '/usr/bin'];
  const { facts, parts, sockets, units } =
    installed === undefined
      ? { facts: ['clusterId=\netcd=absent\netcdDataDir='], parts: [], sockets: [], units: [] }
      : setUp(installed, roles.includes('control-plane'));
  const sections: Readonly<Record<string, readonly string[]>> = {
    line: [
      `/proc/meminfo:1:MemTotal: ${gib} kB\n/proc/self/status:38:Cpus_allowed_list:\t0-7`,
      '/proc/self/mounts:5:cgroup2 /sys/fs/cgroup cgroup2 rw 0 0',
      '/sys/class/net/eth0/address:1:52:54:00:00:00:01',
    ],
    part: parts,
    unit: units.map((unit) => `${unit}.service loaded active running A service`),
    address: [`2: eth0    inet ${address}/16 brd 10.255.255.255 scope global eth0`],
    socket: [['22', 'sshd'], ...sockets].map(
      ([port = '', program = '']) =>
        `tcp   LISTEN 0      4096      0.0.0.0:${port}     0.0.0.0:*    users:(("${program}",pid=1,fd=3))`,
    ),
    disk: ['Filesystem', ...[...measured, ...filled].map(() => `/dev/vda1 ${2 * gib} ${gib} ${gib} 50% /`)],
  };
  const inspection = [
    `os=${os.id}\nosVersion=${os.versionId}\nbits=64\nmanager=apt\nmachine=x86_64\nkernel=6.1.0-40-amd64`,
    `systemd=1\nhostname=${name}\nmachineId=id-${name}\nproductUuid=`,
    ...measured.map((folder) => `free=${folder}`),
    ...filled.map((folder) => `space=${folder}`),
    `lookup=1000.25 1000.25\nendpointAddress=10.9.9.9\nendpointTcp=${isServing ? 'open' : 'refused'}`,
    ...facts,
    ...caDirectories.map((folder) => `caDirectory=${folder}`),
    `now=${Date.now()}000000`,
  ];
  return new Map([
    ...Object.entries(sections).map(
      ([section, lines]) => [`inspection-${section}`, lines.join('\n')] as const,
    ),
    ['inspection', inspection.join('\n')],
  ]);
}

/** What src/observe/inspect.ts asks for of a host that is set up. */
interface SetUp {
  readonly facts: readonly string[];
  /** `FILE:PART` */
  readonly parts: readonly string[];
  readonly sockets: readonly (readonly [string, string])[];
  readonly units: readonly string[];
}

function setUp({ resources, clusterId, caPem }: InstalledHost, isPlane: boolean): SetUp {
  const texts = new Map(
    resources.flatMap((each) =>
      each.kind === 'static-pod'
        ? [[manifestPath(each.name), each.text] as const]
        : each.kind === 'file' && each.content.kind === 'text'
          ? [[each.path, each.content.text] as const]
          : [],
    ),
  );
  const searches = [manifestParts, settingsParts];
  const pattern = new RegExp(
    searches
      .flatMap(({ patterns }) => patterns)
      .map((each) => each.replaceAll('[:space:]', '\\s'))
      .join('|'),
    'gm',
  );
  const parts = [...new Set(searches.flatMap(({ files }) => files))].flatMap((file) =>
    [...(texts.get(file) ?? '').matchAll(pattern)].map(([part]) => `${file}:${part}`),
  );
  const dataDir = parts.find((part) => part.startsWith(`${manifestPath('etcd')}:--data-dir=`)) ?? '';
  const manifests = staticPodComponents.filter((pod) => texts.has(manifestPath(pod)));
  return {
    facts: [
      `clusterId=${clusterId}\ncaDigest=${sha256(caPem)}  -\netcd=${isPlane ? 'present' : 'absent'}`,
      `etcdDataDir=${dataDir.slice(dataDir.indexOf('=') + 1)}`,
      ...manifests.map((pod) => `manifest=${pod}.yaml`),
    ],
    parts,
    sockets: [
      ['10250', 'kubelet'],
      ...(isPlane
        ? ([
            ['6443', 'kube-apiserver'],
            ['2379', 'etcd'],
            ['2380', 'etcd'],
          ] as const)
        : []),
    ],
    units: ['kubelet'],
  };
}

/** What an API server encrypts with, as src/observe/encryption.ts reads it; `text`: its file. */
export function encryptionOf(text: string | undefined): string {
  return text === undefined
    ? 'flag=\nend=1\n'
    : `server=1\nflag=${encryptionPath}\nfile=600 ${sha256(text)} ${Buffer.from(text).toString('base64')}\nend=1\n`;
}
