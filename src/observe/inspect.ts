import { backupQuestion, readBackup } from './backup.ts';
import { encryptionQuestion } from './encryption.ts';
import { staticPodComponents } from '../model/component.ts';
import { etcdUserName, newEtcdId } from '../model/etcd-user.ts';
import { allNtpFiles } from '../desire/text/ntp.ts';
import type { HostFacts } from '../model/facts.ts';
import type { Inspection } from '../model/inspection.ts';
import { kubeletCaFlag } from '../model/kubelet-serving.ts';
import { hostFolder, spreadFolder } from '../resource/prelude.ts';
import { quote, quoteAll } from '../model/shell.ts';
import { dockerQuestion, readDocker } from './docker.ts';
import { endpointProbe, readEndpoint, type EndpointAddress } from './endpoint-probe.ts';
import { firewallProbe, readFirewalls } from './firewall-probe.ts';
import { flannelProbe, readFlannel } from './flannel-probe.ts';
import { kernelProbe, readKernel } from './kernel-probe.ts';
import { pastProbe, readPast } from './past-probe.ts';
import { readSettings, settingsProbe } from './settings-probe.ts';
import { readUnits, unitsProbe } from './units-probe.ts';

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

/** Shell script that prints `key=value` lines; a key may occur several times. Reads only. */
export function inspectScript({
  virtualIP,
  balancing,
  endpoint,
  resolvConf,
  etcdDataDir,
  podPaths = [],
  programs = [],
}: ProbeQuestions): string {
  return [
    inspectHost(etcdDataDir),
    unitsProbe,
    firewallProbe,
    pastProbe(resolvConf),
    settingsProbe,
    kernelProbe,
    virtualIP === undefined ? '' : virtualIPProbe(virtualIP),
    balancing === undefined ? '' : formerPeersProbe(balancing),
    endpoint === undefined ? '' : endpointProbe(endpoint),
    podPaths.length === 0 ? '' : pathsProbe(podPaths),
    programs.length === 0 ? '' : programsProbe(programs),
    `\necho "now=$(date +%s%N)"`,
  ].join('');
}

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
export const runningEtcdDataDir =
  "grep -ho -e '--data-dir=/[A-Za-z0-9._/-]*' /etc/kubernetes/manifests/etcd.yaml /etc/systemd/system/etcd.service 2>/dev/null | head -n 1 | cut -d= -f2-";

/** Prints `etcd=present`, `absent` or `unknown`, for data in this folder and in the one that a member here is started with. */
export const etcdDataQuestion = (folder = '/var/lib/etcd'): string => `etcd=absent; r=$(${runningEtcdDataDir})
for d in ${quote(folder)} $r; do
  if [ -d "$d/member" ]; then etcd=present
  elif [ $etcd = present ] || [ ! -e "$d" ] || ls "$d" >/dev/null 2>&1; then :; else etcd=unknown; fi
done
echo etcd=$etcd`;

const inspectHost = (etcdDataDir?: string): string => `. /etc/os-release
echo "os=$ID"; echo "osVersion=\${VERSION_ID:-}"
echo "osLike=\${ID_LIKE:-}"; echo "bits=$(getconf LONG_BIT)"
for p in apt-get dnf; do command -v "$p" >/dev/null && echo "manager=\${p%-get}"; done
uname -rm | { read -r k m; echo "machine=$m"; echo "kernel=$k"; }; echo "cpus=$(nproc)"
echo "memKiB=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
echo "cgroup=$(stat -fc %T /sys/fs/cgroup)"
[ -d /run/systemd/system ] && echo systemd=1
for f in hostname=/proc/sys/kernel/hostname machineId=/etc/machine-id productUuid=/sys/class/dmi/id/product_uuid clusterId=/var/lib/kboot/cluster; do
  v=; [ ! -r \${f#*=} ] || read -r v < \${f#*=}; echo "\${f%%=*}=$v"
done
ip -o addr show 2>/dev/null | while read -r _ i _ a _; do echo "address=$a $i"; done
if [ -d /proc/sys/net/ipv6 ]; then
  grep -lx 1 /proc/sys/net/ipv6/conf/*/disable_ipv6 2>/dev/null | cut -d/ -f7 | sed 's/^/ipv6Off=/'
  ip -6 route show default proto ra 2>/dev/null | grep -oE 'dev [^ ]+' | while read -r _ i; do
    grep -qx 1 "/proc/sys/net/ipv6/conf/$i/accept_ra" 2>/dev/null && echo "advertised=$i"
  done
else echo ipv6Off=kernel; fi
cat /sys/class/net/*/address 2>/dev/null | sed 's/^/mac=/'
ss -Hltunp 2>/dev/null | while read -r t _ _ _ l _ p; do p=\${p#*'"'}; echo "listen-\${t%??}=\${l##*:} \${p%%'"'*}"; done
above() { p=$d; while [ ! -e "$p" ]; do p=\${p%/*}; p=\${p:-/}; done; }
set --
for d in ${[...measured, ...(etcdDataDir === undefined ? [] : [quote(etcdDataDir)])].join(' ')}; do above; set -- "$@" "$p"; done
for d in ${filled.join(' ')}; do above; set -- "$@" "$p"; done
t=$(df -Pk -- "$@" 2>/dev/null) || t=$(echo; for p; do df -Pk -- "$p" 2>/dev/null | sed 1d | grep . || echo '- - - 0 - -'; done)
printf '%s\\n' "$t" | {
  read -r _
  for d in ${[...measured, ...(etcdDataDir === undefined ? [] : [quote(etcdDataDir)])].join(' ')}; do read -r _ _ _ a _ && echo "free=$d $a"; done
  for d in ${filled.join(' ')}; do read -r _ _ _ a _ m && echo "space=$d $a $m"; done
}
for f in /etc/kubernetes/manifests/*; do [ -e "$f" ] && echo "manifest=\${f##*/}"; done
grep -sHoE -e '/(${staticPodComponents.join('|')}):[A-Za-z0-9._-]*' ${staticPodComponents.map((name) => `/etc/kubernetes/manifests/${name}.yaml`).join(' ')} | while IFS=: read -r f n v; do
  f=\${f##*/}; [ "$n" != "/\${f%.yaml}" ] || echo "podVersion=\${f%.yaml} $v"
done
echo "etcdServers=$(grep -o -e '--etcd-servers=[^ "]*' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | cut -d= -f2-)"
grep -q -e '--${kubeletCaFlag}=' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null && echo verifiesKubelets=1
${encryptionQuestion}
${backupQuestion}
echo "etcdUser=$(id -u etcd 2>/dev/null) $(id -g etcd 2>/dev/null)"
echo "etcdIdOf=$(getent passwd ${newEtcdId} | cut -d: -f1) $(getent group ${newEtcdId} | cut -d: -f1)"
echo "caDigest=$(sha256sum /etc/kubernetes/pki/ca.crt 2>/dev/null | cut -c1-64)"
${etcdDataQuestion(etcdDataDir)}
echo "etcdDataDir=$r"
for d in ${quote(etcdDataDir ?? '/var/lib/etcd')} $r; do
  [ -f "$d/member/snap/db" ] && echo "etcdDb=$(stat -c %s "$d/member/snap/db")"
done
for f in /etc/kubernetes/manifests/etcd.yaml /etc/systemd/system/etcd.service; do
  [ -f "$f" ] || continue
  echo "etcdInitialCluster=$(grep -o -e '--initial-cluster=[^ "]*' "$f" | head -n 1 | cut -d= -f2-)"
  echo "etcdInitialState=$(grep -o -e '--initial-cluster-state=[a-z]*' "$f" | head -n 1 | cut -d= -f2-)"
done
t=$(date +%s%N); timeout 5 getent ahosts "$(cat /proc/sys/kernel/hostname)" >/dev/null 2>&1; [ $? = 124 ] || echo "lookupMs=$(( ($(date +%s%N) - t) / 1000000 ))"
grep -qxF /etc/systemd/system/containerd.service ${hostFolder}/owned 2>/dev/null || ${dockerQuestion}
for d in ${caDirectories.join(' ')}; do [ -d "$d" ] && echo "caDirectory=$d"; done
grep -qxF ${allNtpFiles.map((path) => `-e ${path}`).join(' ')} ${hostFolder}/owned 2>/dev/null && echo ntpFiles=1
for f in ${spreadFolder}/*; do [ -f "$f" ] && echo "spread=\${f##*/} $(stat -c %s "$f")"; done
${flannelProbe()}
for p in ${quoteAll(tools)}; do command -v "$p" >/dev/null || echo "missing=$p"; done`;

/**
 * Parses the output of inspectScript.
 * `asked` and `answered` are the operator machine's times in milliseconds before and after the probe, for the clock skew.
 * Undefined if the output is truncated: the last key is missing.
 */
export function readInspection(output: string, asked: number, answered: number): Inspection | undefined {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    const key = line.slice(0, at);
    const known = values.get(key);
    if (known === undefined) values.set(key, [line.slice(at + 1)]);
    else known.push(line.slice(at + 1));
  }
  const one = (key: string): string => values.get(key)?.[0] ?? '';
  const all = (key: string): readonly string[] => values.get(key) ?? [];
  const now = Number(one('now')) / 1e6;
  if (!(now > 0)) return undefined;
  const units = readUnits(all);
  const facts: Inspection['facts'] = {
    architecture: one('machine') === 'aarch64' ? 'arm64' : 'amd64',
    os: {
      id: one('os'),
      versionId: one('osVersion'),
      ...(one('osLike') !== '' && { like: one('osLike').split(/\s+/) }),
    },
    caDirectories: [...all('caDirectory')].sort(),
    systemdResolved: units.resolved,
    ...readEtcdUser(one('etcdUser')),
    ...(units.timeService && { timeService: units.timeService }),
    ...(one('ntpFiles') === '1' && { ntpFiles: true as const }),
  };
  const backup = readBackup(one);
  const endpoint = readEndpoint(all('endpointAddress'), one('endpointTcp'));
  return {
    facts,
    machine: one('machine'),
    bits: one('bits') === '32' ? 32 : 64,
    packageManagers: (['apt', 'dnf'] as const).filter((name) => all('manager').includes(name)),
    kernel: one('kernel'),
    cpus: Number(one('cpus')),
    memoryMiB: Math.floor(Number(one('memKiB')) / 1024),
    cgroupVersion: one('cgroup') === 'cgroup2fs' ? 2 : 1,
    systemd: one('systemd') === '1',
    hostname: one('hostname'),
    machineId: one('machineId'),
    productUuid: one('productUuid'),
    clockSkewMs: now - (now > answered ? answered : now < asked ? asked : now),
    addresses: all('address').map((entry) => {
      const [network = '', name = ''] = entry.split(' ');
      const [address = '', prefix] = network.split('/');
      // A point-to-point address has no prefix.
      const whole = address.includes(':') ? 128 : 32;
      return { address, prefix: prefix === undefined ? whole : Number(prefix), interface: name };
    }),
    ipv6Off: all('ipv6Off'),
    advertisedRoutes: [...new Set(all('advertised'))],
    listening: all('listen-t').map(socket),
    udpListening: all('listen-u').map(socket),
    freeMiB: Object.fromEntries(
      all('free').map((entry) => {
        const [folder = '', kib = ''] = entry.split(' ');
        return [folder, Math.floor(Number(kib) / 1024)];
      }),
    ),
    space: all('space').map((entry) => {
      const [folder = '', kib = '', ...mount] = entry.split(' ');
      return { folder, freeMiB: Math.floor(Number(kib) / 1024), mount: mount.join(' ') };
    }),
    manifests: all('manifest'),
    clusterId: one('clusterId'),
    caDigest: one('caDigest'),
    etcdData: one('etcd') === 'present' ? 'present' : one('etcd') === 'absent' ? 'absent' : 'unknown',
    etcdDataDir: one('etcdDataDir'),
    etcdDatabaseMiB: Math.ceil(
      all('etcdDb')
        .map(Number)
        .reduce((most, each) => (each > most ? each : most), 0) /
        1024 /
        1024,
    ),
    etcdInitialCluster: one('etcdInitialCluster'),
    etcdInitialState: one('etcdInitialState'),
    nameLookupMs: values.has('lookupMs') ? Number(one('lookupMs')) : null,
    missingTools: all('missing'),
    kubeletActive: units.kubelet,
    ...readFlannel(all),
    virtualIPHeldBy: one('virtualIP'),
    formerPeers: all('formerPeer'),
    dockerContainers: readDocker(values.get('dockerContainers')?.[0]),
    macAddresses: all('mac'),
    firewalls: readFirewalls(all),
    past: { ...readPast(all), activeUnits: units.foreign },
    settings: readSettings(one),
    ...(values.has('spread') && { spread: readSpread(all('spread')) }),
    ...(values.has('kernel') && { kernelHas: readKernel(all('kernel')) }),
    etcdIdTaken: one('etcdIdOf')
      .split(' ')
      .some((name) => name !== '' && name !== etcdUserName),
    podVersions: readPodVersions(all('podVersion')),
    etcdServers: one('etcdServers').split(',').filter(Boolean),
    ...(one('encryption') === '1' && { encrypts: true as const }),
    ...(one('verifiesKubelets') === '1' && { verifiesKubelets: true as const }),
    ...(values.has('missingProgram') && { missingPrograms: all('missingProgram') }),
    ...(values.has('podPath') && { podPaths: readPodPaths(all('podPath')) }),
    ...(backup && { backup }),
    ...(endpoint && { endpoint }),
  };
}

/** `UID GID`; nothing without that user. */
function readEtcdUser(entry: string): Pick<HostFacts, 'etcdUser'> {
  const [, uid, gid] = /^(\d+) (\d+)$/.exec(entry) ?? [];
  return uid === undefined ? {} : { etcdUser: { uid: Number(uid), gid: Number(gid) } };
}

/** `SHA256 BYTES`, and `SHA256.part BYTES` for what is not whole. */
function readSpread(entries: readonly string[]): NonNullable<Inspection['spread']> {
  return entries.flatMap((entry) => {
    const [, sha256, part, bytes] = /^([0-9a-f]{64})(\.part)? (\d+)$/.exec(entry) ?? [];
    return sha256 === undefined ? [] : [{ sha256, bytes: Number(bytes), isWhole: part === undefined }];
  });
}

/** `10250 kubelet`, or only the port. */
function socket(entry: string): Inspection['listening'][number] {
  const [port = '', program = ''] = entry.split(' ');
  return { port: Number(port), program: program === '' ? '?' : program };
}

/** `kube-apiserver v1.36.2`; without a version, there is no such manifest. */
function readPodVersions(entries: readonly string[]): Inspection['podVersions'] {
  // Of several images in a manifest, the first.
  const versions = new Map(
    entries.toReversed().map((entry) => entry.split(' ') as [string, string | undefined]),
  );
  return Object.fromEntries(
    staticPodComponents.flatMap((name) => {
      const version = versions.get(name) ?? '';
      return version === '' ? [] : [[name, version]];
    }),
  );
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
