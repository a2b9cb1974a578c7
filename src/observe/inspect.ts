import { backupQuestion, readBackup } from './backup.ts';
import { etcdUserName, newEtcdId } from '../model/etcd-user.ts';
import { allNtpFiles } from '../desire/text/ntp.ts';
import { encryptionPath } from '../model/encryption.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Inspection } from '../model/inspection.ts';
import { hostFolder, spreadFolder } from '../resource/prelude.ts';
import { manifestsFolder } from '../resource/static-pod.ts';
import { lines as linesOf, quote, quoteAll } from '../model/shell.ts';
import { endpointProbe, readEndpoint, type EndpointAddress } from './endpoint-probe.ts';
import { firewallLines, firewallProbe, readFirewalls } from './firewall-probe.ts';
import { flannelLines, flannelProbe, readFlannel } from './flannel-probe.ts';
import { kernelLines, kernelParts, kernelProbe, readKernel } from './kernel-probe.ts';
import { etcdStarters, findEtcdDataDir, manifestParts, readManifests } from './manifest-probe.ts';
import {
  advertisedBy,
  mountsOf,
  pastLines,
  pastProbe,
  readPast,
  routesProbe,
  tunnelsProbe,
} from './past-probe.ts';
import { foundLine, foundPart, searchLines, searchParts, type FoundLine, type Search } from './search.ts';
import { readSettings, settingsParts } from './settings-probe.ts';
import { readUnits, timeProbe, unitsProbe } from './units-probe.ts';

/** Questions that the inspection of a host answers beyond the facts of the host itself. */
export interface ProbeQuestions {
  /** Which machine holds this address? Not asked if keepalived is running on this host. */
  readonly virtualIP?: string | undefined;
  /** For a load balancer: which of its peers left the inventory and still balance? */
  readonly balancing?: Balancing | undefined;
  /** Is this endpoint reachable? */
  readonly endpoint?: EndpointAddress | undefined;
  /** The file of name servers that the inventory states for the kubelet. */
  readonly resolvConf?: string | undefined;
  /** Where etcd's data is to be on this host; default: /var/lib/etcd. */
  readonly etcdDataDir?: string | undefined;
  /** What are these paths? */
  readonly podPaths?: readonly string[] | undefined;
  /** Are these programs installed? Paths, or names to be looked up. */
  readonly programs?: readonly string[] | undefined;
  /** Is every file read, whatever is remembered of its content? */
  readonly deep?: boolean | undefined;
}

/** The load balancers of the inventory. */
export interface Balancing {
  readonly port: number;
  /** Addresses of their hosts. */
  readonly balancers: readonly string[];
}

/** Programs that kboot's scripts and the kubelet call on a host. */
const tools = [
  'tar',
  'gzip',
  'sha256sum',
  'flock',
  'systemctl',
  'stat',
  'sed',
  'grep',
  'ip',
  'ss',
  'mount',
  'losetup',
  'sync',
];
/** kubeadm mounts the ones that exist (app/util/staticpod/utils.go, caCertsExtraVolumePaths). */
const caDirectories = [
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
];
const measured = ['/var/lib', '/usr/local', '/etc'];
/** Where an upgrade puts images, fetched and former files, and programs. */
const filled = ['/var/lib/containerd', '/var/lib/kboot', '/usr/bin'];

const ownedFile = `${hostFolder}/owned`;
const containerdUnit = '/etc/systemd/system/containerd.service';
const network = '/sys/class/net';
const ipv6 = '/proc/sys/net/ipv6/conf';

/** Facts about the host from the kernel, and the files that kboot owns. */
const hostLines: Search = {
  files: [
    ...['/proc/meminfo', '/proc/self/status', `${network}/*/address`, '/proc/self/mounts', ownedFile],
    ...[`${ipv6}/*/disable_ipv6`, `${ipv6}/*/accept_ra`],
  ],
  patterns: [
    ...['^MemTotal:', '^Cpus_allowed_list:', '^[0-9a-f]{2}(:[0-9a-f]{2})*$', '^[^ ]+ /sys/fs/cgroup ', '^1$'],
    ...[containerdUnit, ...allNtpFiles].map((path) => `^${path.replaceAll('.', '[.]')}$`),
  ],
};

/**
 * The sections of the inspection, which only read. The last one prints `key=value` lines, and a key may occur several times; each
 * of the others prints what programs say as they say it: a host parses nothing that can be parsed here. They share variables.
 */
export function inspectSections({
  virtualIP,
  balancing,
  endpoint,
  resolvConf,
  etcdDataDir,
  podPaths = [],
  programs = [],
}: ProbeQuestions): ReadonlyMap<string, string> {
  const searched = [hostLines, kernelLines, flannelLines(), firewallLines, pastLines(resolvConf)];
  const facts = [
    inspectHost(etcdDataDir),
    flannelProbe(),
    timeProbe,
    firewallProbe,
    pastProbe(resolvConf),
    virtualIP === undefined ? '' : virtualIPProbe(virtualIP),
    balancing === undefined ? '' : formerPeersProbe(balancing),
    endpoint === undefined ? '' : endpointProbe(endpoint),
    podPaths.length === 0 ? '' : pathsProbe(podPaths),
    programs.length === 0 ? '' : programsProbe(programs),
    'echo "now=$(date +%s%N)"',
  ];
  const bodies: Readonly<Record<Section, string>> = {
    line: searchLines(searched),
    part: `set -- $(uname -rm); release=$1 machine=$2
${searchParts([manifestParts, settingsParts, kernelParts])}`,
    unit: unitsProbe,
    address: 'ip -o addr show',
    socket: 'ss -Hltunp',
    route: routesProbe,
    vxlan: tunnelsProbe,
    config: kernelProbe,
    disk: disksProbe(etcdDataDir),
    user: `getent passwd ${etcdUserName} ${newEtcdId}`,
    group: `getent group ${newEtcdId}`,
    size: sizesProbe(etcdDataDir),
  };
  return new Map([
    // A program that is missing is a finding of its own.
    ...sections.map((name) => [`inspection-${name}`, `${bodies[name]}\n:`] as const),
    ['inspection', facts.join('\n')],
  ]);
}

/** Sections with the output of programs; their lines are the values of these keys. */
const sections = [
  ...(['line', 'part', 'unit', 'address', 'socket', 'route'] as const),
  ...(['vxlan', 'config', 'disk', 'user', 'group', 'size'] as const),
] as const;
type Section = (typeof sections)[number];

/**
 * A connection attempt makes the kernel resolve the address (ARP, NDP); the neighbour table then shows which machine
 * answered. The kernel verifies a cached entry itself, after 5 s and for 3 s: until then the entry is DELAY or PROBE,
 * and the answer is unknown.
 */
function virtualIPProbe(virtualIP: string): string {
  return `
if [ ! -e /var/lib/kboot/running/keepalived ] && ! ip -o addr show | grep -qF -e " ${virtualIP}/"; then
  timeout 2 bash -c 'exec 3<>/dev/tcp/${virtualIP}/9' 2>/dev/null
  for n in $(seq 45); do
    neighbour=$(ip neigh show to ${virtualIP} 2>/dev/null)
    case $neighbour in *DELAY* | *PROBE*) sleep 0.2 ;; *) break ;; esac
  done
  echo "virtualIP=$(echo "$neighbour" | grep -w REACHABLE | grep -oE 'lladdr [0-9a-f:]+' | cut -d' ' -f2)"
fi`;
}

function pathsProbe(paths: readonly string[]): string {
  return `
for f in ${quoteAll(paths)}; do
  if [ -d "$f" ]; then t=Directory; elif [ -f "$f" ]; then t=File; elif [ -S "$f" ]; then t=Socket
  elif [ -c "$f" ]; then t=CharDevice; elif [ -b "$f" ]; then t=BlockDevice; elif [ -e "$f" ]; then t=other; else t=absent; fi
  echo "podPath=$t $f"
done`;
}

/** In the PATH of containerd's unit, and where distributions put shims. */
function programsProbe(programs: readonly string[]): string {
  return `
for p in ${quoteAll(programs)}; do
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v "$p" >/dev/null || echo "missingProgram=$p"
done`;
}

/** The peer of a load balancer that is the only one (desire/text/keepalived.ts). */
const nobody = ['127.0.0.1', '::1'];

function formerPeersProbe({ balancers, port }: Balancing): string {
  return `
for p in $(sed -n '/unicast_peer {/,/}/p' /etc/keepalived/keepalived.conf 2>/dev/null | grep -oE '^ +[0-9a-f.:]+( |$)'); do
  case ' ${[...balancers, ...nobody].join(' ')} ' in *" $p "*) continue ;; esac
  if timeout 2 bash -c "exec 3<>/dev/tcp/$p/${port}" 2>/dev/null; then echo "formerPeer=$p"; fi
done`;
}

/** Prints the folder that the member on this host is started with, if any: `/var/lib/etcd`. */
export const runningEtcdDataDir = `grep -ho -e '--data-dir=/[A-Za-z0-9._/-]*' ${etcdStarters.join(' ')} 2>/dev/null | head -n 1 | cut -d= -f2-`;

/** Prints `etcd=present`, `absent` or `unknown`, for data in this folder and in the one that a member here is started with. */
export const etcdDataQuestion = (folder = '/var/lib/etcd'): string => `r=$(${runningEtcdDataDir})
${etcdDataIn(folder)}`;

/** The same, with that folder in `$r`. */
const etcdDataIn = (folder: string): string => `etcd=absent
for d in ${quote(folder)} $r; do
  if [ -d "$d/member" ]; then etcd=present
  elif [ $etcd = present ] || [ ! -e "$d" ] || ls "$d" >/dev/null 2>&1; then :; else etcd=unknown; fi
done
echo etcd=$etcd`;

const measuredFolders = (etcdDataDir?: string): readonly string[] => [
  ...measured,
  ...(etcdDataDir === undefined ? [] : [etcdDataDir]),
];

/** Prints a heading and a line of df(1) for each folder, or for the one above it that exists. */
const disksProbe = (etcdDataDir?: string): string => `set --
for d in ${quoteAll([...measuredFolders(etcdDataDir), ...filled])}; do
  p=$d; while [ ! -e "$p" ]; do p=\${p%/*}; p=\${p:-/}; done
  set -- "$@" "$p"
done
t=$(df -Pk -- "$@" 2>/dev/null) || t=$(echo; for p; do df -Pk -- "$p" 2>/dev/null | sed 1d | grep . || echo '- - - 0 - -'; done)
printf '%s\\n' "$t"`;

/** Prints `BYTES PATH` of the files of etcd's databases, and of those on their way from host to host. */
const sizesProbe = (etcdDataDir = '/var/lib/etcd'): string => `${findEtcdDataDir}
set --
for f in ${quote(`${etcdDataDir}/member/snap/db`)} \${r:+"$r/member/snap/db"} ${spreadFolder}/*; do
  [ ! -f "$f" ] || set -- "$@" "$f"
done
[ $# = 0 ] || stat -c '%s %n' -- "$@"`;

const inspectHost = (etcdDataDir?: string): string => `. /etc/os-release
echo "os=$ID"; echo "osVersion=\${VERSION_ID:-}"
echo "osLike=\${ID_LIKE:-}"; printf 'bits='; getconf LONG_BIT || echo
for p in apt-get dnf; do command -v "$p" >/dev/null && echo "manager=\${p%-get}"; done
echo "machine=$machine"; echo "kernel=$release"
[ -e "/lib/modules/$release/modules.dep" ] && echo modules=1
[ -d /run/systemd/system ] && echo systemd=1
for f in machineId=/etc/machine-id productUuid=/sys/class/dmi/id/product_uuid clusterId=${hostFolder}/cluster hostname=/proc/sys/kernel/hostname; do
  v=; [ ! -r \${f#*=} ] || read -r v < \${f#*=}; echo "\${f%%=*}=$v"
done
read -r t _ < /proc/uptime; timeout 5 getent ahosts "$v" >/dev/null 2>&1; [ $? = 124 ] || { read -r u _ < /proc/uptime; echo "lookup=$t $u"; }
[ -d /proc/sys/net/ipv6 ] || echo ipv6Off=kernel
for d in ${quoteAll(measuredFolders(etcdDataDir))}; do echo "free=$d"; done
for d in ${quoteAll(filled)}; do echo "space=$d"; done
for f in ${manifestsFolder}/*; do [ -e "$f" ] && echo "manifest=\${f##*/}"; done
[ -e ${encryptionPath} ] && echo encryption=1
${backupQuestion}
[ -f /etc/kubernetes/pki/ca.crt ] && { printf 'caDigest='; sha256sum < /etc/kubernetes/pki/ca.crt || echo; }
${etcdDataIn(etcdDataDir ?? '/var/lib/etcd')}
echo "etcdDataDir=$r"
for d in ${quoteAll(caDirectories)}; do [ -d "$d" ] && echo "caDirectory=$d"; done
for p in ${quoteAll(tools)}; do command -v "$p" >/dev/null || echo "missing=$p"; done`;

/**
 * Parses the output of inspectSections, by section.
 * `asked` and `answered` are the operator machine's times in milliseconds before and after the probe, for the clock skew.
 * Undefined if the output is truncated: a section or the last key is missing.
 */
export function readInspection(
  output: ReadonlyMap<string, string>,
  asked: number,
  answered: number,
): Inspection | undefined {
  const values = new Map<string, string[]>();
  for (const line of linesOf(output.get('inspection') ?? '')) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    const key = line.slice(0, at);
    const known = values.get(key);
    if (known === undefined) values.set(key, [line.slice(at + 1)]);
    else known.push(line.slice(at + 1));
  }
  for (const name of sections) {
    const text = output.get(`inspection-${name}`);
    if (text === undefined) return undefined;
    values.set(name, linesOf(text));
  }
  const one = (key: string): string => values.get(key)?.[0] ?? '';
  const all = (key: string): readonly string[] => values.get(key) ?? [];
  const now = Number(one('now')) / 1e6;
  if (!(now > 0)) return undefined;
  const lines = all('line').flatMap(foundLine);
  const parts = all('part').flatMap(foundPart);
  const units = readUnits(all);
  const host = readHostLines(lines);
  const facts: Inspection['facts'] = {
    architecture: one('machine') === 'aarch64' ? 'arm64' : 'amd64',
    os: {
      id: one('os'),
      versionId: one('osVersion'),
      ...(one('osLike') !== '' && { like: one('osLike').split(/\s+/) }),
    },
    caDirectories: [...all('caDirectory')].sort(),
    systemdResolved: units.resolved,
    ...readEtcdUser(all('user')),
    ...(units.timeService && { timeService: units.timeService }),
    ...(allNtpFiles.some((path) => host.owned.has(path)) && { ntpFiles: true as const }),
  };
  const past = readPast(lines, all);
  const sockets = all('socket').flatMap(socket);
  const disks = all('disk').slice(1).map(disk);
  const [free, space] = [all('free'), all('space')];
  const sizes = all('size').flatMap(size);
  const backup = readBackup(one);
  const endpoint = readEndpoint(all('endpointAddress'), one('endpointTcp'));
  return {
    facts,
    machine: one('machine'),
    bits: one('bits') === '32' ? 32 : 64,
    packageManagers: (['apt', 'dnf'] as const).filter((name) => all('manager').includes(name)),
    kernel: one('kernel'),
    cpus: host.cpus,
    memoryMiB: host.memoryMiB,
    cgroupVersion: host.cgroupVersion,
    systemd: one('systemd') === '1',
    hostname: one('hostname'),
    machineId: one('machineId'),
    productUuid: one('productUuid'),
    clockSkewMs: now - (now > answered ? answered : now < asked ? asked : now),
    addresses: all('address').flatMap(localAddress),
    ipv6Off: [...all('ipv6Off'), ...host.ipv6Off],
    advertisedRoutes: [...new Set(advertisedBy(all('route')))].filter((name) => host.accepting.has(name)),
    listening: sockets.filter(({ protocol }) => protocol === 'tcp').map(({ listener }) => listener),
    udpListening: sockets.filter(({ protocol }) => protocol === 'udp').map(({ listener }) => listener),
    freeMiB: Object.fromEntries(
      free.flatMap((folder, index) => {
        const on = disks[index];
        return on === undefined ? [] : [[folder, on.freeMiB]];
      }),
    ),
    space: space.flatMap((folder, index) => {
      const on = disks[free.length + index];
      return on === undefined ? [] : [{ folder, ...on }];
    }),
    manifests: all('manifest'),
    clusterId: one('clusterId'),
    caDigest: one('caDigest').slice(0, 64),
    etcdData: one('etcd') === 'present' ? 'present' : one('etcd') === 'absent' ? 'absent' : 'unknown',
    etcdDataDir: one('etcdDataDir'),
    etcdDatabaseMiB: Math.ceil(
      sizes.reduce(
        (most, { path, bytes }) => (path.endsWith('/member/snap/db') && bytes > most ? bytes : most),
        0,
      ) /
        1024 /
        1024,
    ),
    nameLookupMs: values.has('lookup') ? lookupMs(one('lookup')) : null,
    missingTools: all('missing'),
    kubeletActive: units.kubelet,
    ...readFlannel(lines, all),
    virtualIPHeldBy: one('virtualIP'),
    formerPeers: all('formerPeer'),
    dockerContainers: units.docker && !host.owned.has(containerdUnit) ? (past.containers['moby'] ?? 0) : null,
    macAddresses: host.macAddresses,
    firewalls: readFirewalls(all),
    past: { ...past, activeUnits: units.foreign },
    settings: readSettings(parts),
    ...readSpread(sizes),
    kernelHas: readKernel({ config: all('config'), lines, parts, hasModules: one('modules') === '1' }),
    etcdIdTaken: [...all('user'), ...all('group')].some(hasEtcdId),
    ...readManifests(parts, all('manifest'), one('encryption') === '1'),
    ...(values.has('missingProgram') && { missingPrograms: all('missingProgram') }),
    ...(values.has('podPath') && { podPaths: readPodPaths(all('podPath')) }),
    ...(backup && { backup }),
    ...(endpoint && { endpoint }),
  };
}

/** What hostLines found. */
interface HostLines {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly cgroupVersion: 1 | 2;
  readonly macAddresses: readonly string[];
  /** Interfaces without IPv6, and those that accept router advertisements unless the host forwards. */
  readonly ipv6Off: readonly string[];
  readonly accepting: ReadonlySet<string>;
  /** Those of the files that were looked for which kboot owns. */
  readonly owned: ReadonlySet<string>;
}

function readHostLines(lines: readonly FoundLine[]): HostLines {
  const of = (file: string): readonly string[] =>
    lines.flatMap((line) => (line.file === file ? [line.text] : []));
  const value = (file: string, key: string): string =>
    of(file)
      .find((text) => text.startsWith(key))
      ?.slice(key.length)
      .trim() ?? '';
  const switched = (name: string): readonly string[] =>
    lines.flatMap(({ file, text }) =>
      file.startsWith(`${ipv6}/`) && file.endsWith(`/${name}`) && text === '1'
        ? [file.slice(ipv6.length + 1, -name.length - 1)]
        : [],
    );
  const groups = mountsOf(lines).findLast(({ point }) => point === '/sys/fs/cgroup');
  return {
    cpus: countOfList(value('/proc/self/status', 'Cpus_allowed_list:')),
    memoryMiB: Math.floor(Number.parseInt(value('/proc/meminfo', 'MemTotal:') || '0', 10) / 1024),
    cgroupVersion: groups?.type === 'cgroup2' ? 2 : 1,
    macAddresses: lines.flatMap(({ file, text }) =>
      file.startsWith(`${network}/`) && file.endsWith('/address') ? [text] : [],
    ),
    ipv6Off: switched('disable_ipv6'),
    accepting: new Set(switched('accept_ra')),
    owned: new Set(of(ownedFile)),
  };
}

/** The length of `0-3,6`. */
function countOfList(list: string): number {
  return list.split(',').reduce((sum, range) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    return first === undefined ? sum : sum + Number(last) - Number(first) + 1;
  }, 0);
}

/** `2: eth0    inet 10.0.0.11/24 brd …` */
function localAddress(line: string): Inspection['addresses'][number][] {
  const [, name, , entry] = line.trim().split(/\s+/, 4);
  if (name === undefined || entry === undefined) return [];
  const [address = '', prefix] = entry.split('/');
  // A point-to-point address has no prefix.
  const whole = address.includes(':') ? 128 : 32;
  return [{ address, prefix: prefix === undefined ? whole : Number(prefix), interface: name }];
}

interface Socket {
  readonly protocol: string;
  readonly listener: Inspection['listening'][number];
}

/** `tcp LISTEN 0 4096 *:10250 *:* users:(("kubelet",pid=1,fd=2))`; without the last, the program is not known. */
function socket(line: string): Socket[] {
  const [protocol = '', , , , local] = line.split(/\s+/, 5);
  if (local === undefined) return [];
  const [, program = ''] = /"([^"]*)"/.exec(line) ?? [];
  const port = Number(local.slice(local.lastIndexOf(':') + 1));
  return [{ protocol, listener: { port, program: program === '' ? '?' : program } }];
}

/** `/dev/sda1 41152736 9876543 29876543 25% /var/lib` */
function disk(line: string): { readonly freeMiB: number; readonly mount: string } {
  const [, , , available = '', , ...mount] = line.split(/\s+/);
  return { freeMiB: Math.floor(Number(available) / 1024), mount: mount.join(' ') };
}

interface Size {
  readonly path: string;
  readonly bytes: number;
}

/** `4096 /var/lib/etcd/member/snap/db` */
function size(line: string): Size[] {
  const [, bytes, path = ''] = /^(\d+) (\/.*)$/.exec(line) ?? [];
  return bytes === undefined ? [] : [{ path, bytes: Number(bytes) }];
}

/** Seconds of the host before and after the lookup, with two decimals. */
function lookupMs(entry: string): number {
  const [before, after] = entry.split(' ');
  return Math.round((Number(after) - Number(before)) * 1000);
}

/** `etcd:x:UID:GID:…`; nothing without that user. */
function readEtcdUser(users: readonly string[]): Pick<HostFacts, 'etcdUser'> {
  const [, , uid = '', gid = ''] =
    users.find((line) => line.startsWith(`${etcdUserName}:`))?.split(':') ?? [];
  return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? { etcdUser: { uid: Number(uid), gid: Number(gid) } } : {};
}

/** Whether a user or a group, `NAME:x:ID:…`, has the ID of etcd's, and another name. */
function hasEtcdId(line: string): boolean {
  const [name = '', , id] = line.split(':');
  return id === String(newEtcdId) && name !== '' && name !== etcdUserName;
}

/** Files named `SHA256`, and `SHA256.part` for what is not whole; nothing without any file. */
function readSpread(sizes: readonly Size[]): Pick<Inspection, 'spread'> {
  const files = sizes.filter(({ path }) => path.startsWith(`${spreadFolder}/`));
  if (files.length === 0) return {};
  return {
    spread: files.flatMap(({ path, bytes }) => {
      const [, sha256, part] = /^([0-9a-f]{64})(\.part)?$/.exec(path.slice(spreadFolder.length + 1)) ?? [];
      return sha256 === undefined ? [] : [{ sha256, bytes, isWhole: part === undefined }];
    }),
  };
}

/** `TYPE PATH` */
function readPodPaths(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf(' ');
      return [entry.slice(at + 1), entry.slice(0, at)];
    }),
  );
}
