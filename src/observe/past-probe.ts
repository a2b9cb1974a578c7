import { resolvedConf } from '../desire/text/kubelet-settings.ts';
import type { HostPast, Place, Tunnel, Variable } from '../model/past.ts';
import { quote, setLineBreak } from '../model/shell.ts';
import { foundLine, type FoundLine, type Search } from './search.ts';

/** Where systemd looks for drop-ins; a file hides those of the same name in later folders. */
const unitFolders = ['/etc', '/run', '/usr/local/lib', '/usr/lib'];
const ownDropIn = '10-kubeadm.conf';
const watchedUnits = ['kubelet', 'containerd', 'etcd', 'haproxy', 'keepalived'];
const dropIns = (unit: string): readonly string[] =>
  unitFolders.map((folder) => `${folder}/systemd/system/${unit}.service.d/*.conf`);
/** Lines that matter, in any of the files; which of them count in which file is decided when they are read. */
const patterns = [
  '(ExecStart|User|DynamicUser|Environment|RootDirectory|PrivateMounts|PrivateNetwork|Requires|Requisite|BindsTo|PartOf)[[:space:]]*=',
  '(export[[:space:]]+)?(KUBELET_[A-Z_]*|[A-Za-z]*_(PROXY|proxy))=',
  '-?(net[./]ipv4[./]ip_forward|net[./]ipv[46][./]conf[./].*|net[./]bridge[./].*|fs[./]inotify[./].*)[[:space:]]*=',
  '(install|blacklist)[[:space:]]+(overlay|br[_-]netfilter|vxlan|wireguard)([[:space:]]|$)',
  'nameserver[[:space:]]',
  '[a-z_]+[[:space:]]+[0-9]+[[:space:]]+[0-9]+[[:space:]]+1$',
];
const files = [
  ...dropIns('kubelet'),
  ...dropIns('containerd'),
  '/etc/default/kubelet',
  '/etc/sysconfig/kubelet',
  ...unitFolders.map((folder) => `${folder}/sysctl.d/*.conf`),
  ...['/etc', '/run', '/usr/lib'].map((folder) => `${folder}/modprobe.d/*.conf`),
  '/proc/cgroups',
];
/** Programs of a node are below these, as are the folders of containers; a mount point is one of these or a parent. */
const mountedFolders = ['/usr/bin', '/usr/local/bin', '/opt/cni/bin', '/var/lib/kubelet'];
/** Parents before their children. */
const mountPoints = [...new Set(mountedFolders.flatMap(parentsOf))].sort((a, b) => (a < b ? -1 : 1));
const rejecting = '-A (INPUT|FORWARD)( -m comment --comment .*)? -j (REJECT|DROP)( |$)';

const network = '/sys/class/net';
const mounts = '/proc/self/mounts';

const resolverFiles = (resolvConf?: string): readonly string[] =>
  [...new Set(['/etc/resolv.conf', resolvedConf, ...(resolvConf === undefined ? [] : [resolvConf])])].map(
    quote,
  );

/** What earlier tools and administrators left in files. `resolvConf` is the file of name servers that the inventory states for the kubelet. */
export const pastLines = (resolvConf?: string): Search => ({
  files: [...files, ...resolverFiles(resolvConf), `${network}/*/uevent`, mounts],
  patterns: [
    ...patterns.map((each) => `^[[:space:]]*${each}`),
    '^DEVTYPE=(vxlan|wireguard)',
    `^[^ ]+ (${mountPoints.join('|')}) `,
  ],
});

/**
 * Shell that prints the routes of both families, up to 4000 lines. Where there may be more, the default routes from router
 * advertisements are asked for by themselves.
 */
export const routesProbe = `routes=$(ip route show table all type unicast 2>/dev/null | head -n 4000)
printf '%s\\n' "$routes"
[ \${#routes} -lt 40000 ] || ip -6 route show default proto ra`;

/** Shell, after searchLines, that prints the VXLAN tunnels in detail, if there are any. */
export const tunnelsProbe = `${setLineBreak}
case "$lines$n" in *:DEVTYPE=vxlan"$n"*) ip -o -d link show type vxlan ;; esac`;

/**
 * Shell that prints what else they left. Reads only, with few processes: systemd's environment is split by the shell, and only
 * variables of proxies leave the host. /lib is a link to /usr/lib.
 */
export function pastProbe(resolvConf?: string): string {
  return `
for f in ${unitFolders.map((folder) => `${folder}/sysctl.d/*.conf`).join(' ')}; do [ -e "$f" ] && echo "sysctlFile=$f"; done
for f in ${resolverFiles(resolvConf).join(' ')}; do [ -f "$f" ] && echo "resolver=$f"; done
[ -r /sys/fs/cgroup/cgroup.controllers ] && read -r c < /sys/fs/cgroup/cgroup.controllers && echo "controllers=$c"
IFS='
'; set -f
for l in $(systemctl show-environment 2>/dev/null); do case $l in *_proxy=* | *_PROXY=*) printf 'managerProxy=%s\\n' "$l" ;; esac; done
unset IFS; set +f
for u in ${watchedUnits.join(' ')}; do [ /etc/systemd/system/$u.service -ef /dev/null ] && echo "masked=$u"; done
for d in ${network}/*; do echo "link=\${d##*/}"; done
for d in /run/containerd/io.containerd.runtime.v2.task/*/*; do [ -d "$d" ] && { d=\${d%/*}; echo "container=\${d##*/}"; }; done
[ -d /run/xtables.lock ] && echo lockIsFolder=1
for s in netfilter-persistent:/etc/iptables/rules.v4:/etc/iptables/rules.v6 iptables:/etc/sysconfig/iptables: ip6tables:/etc/sysconfig/ip6tables:; do
  for w in /etc/systemd/system/*.target.wants/\${s%%:*}.service; do
    [ -e "$w" ] && grep -sHnE -e '^(${rejecting}|:(KUBE|CNI|FLANNEL|CILIUM|cali)-)' $(echo "\${s#*:}" | tr : ' ') | head -n 200 | sed 's/^/savedRule=/'
  done
done
if [ -e /var/lib/dpkg/info/kubelet.list ]; then
  if grep -A 2 -xF 'Package: kubelet' /var/lib/dpkg/status | grep -q '^Status: hold '; then echo kubeletPackage=held; else echo kubeletPackage=installed; fi
elif [ -e /usr/lib/systemd/system/kubelet.service ] && rpm -q kubelet >/dev/null 2>&1; then
  if grep -qsE '^exclude.*kubelet|^kubelet|:kubelet-' /etc/dnf/plugins/versionlock.list /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo; then echo kubeletPackage=held; else echo kubeletPackage=installed; fi
fi`;
}

/**
 * Reads what pastLines found, and the output of the probes: `all` returns every value of a key, the output of routesProbe as
 * `route` and that of tunnelsProbe as `vxlan`.
 */
export function readPast(
  lines: readonly FoundLine[],
  all: (key: string) => readonly string[],
): Omit<HostPast, 'activeUnits'> {
  const of = (pattern: RegExp): readonly FoundLine[] => lines.filter(({ file }) => pattern.test(file));
  const unitLines = inForce(of(/\/(kubelet|containerd)\.service\.d\//)).flatMap(unitSetting);
  const defaults = of(/^\/etc\/(default|sysconfig)\/kubelet$/);
  const byFile = new Map<string, FoundLine[]>();
  for (const line of lines) {
    const known = byFile.get(line.file);
    if (known === undefined) byFile.set(line.file, [line]);
    else known.push(line);
  }
  const kept = all('kubeletPackage')[0];
  const controllers = all('controllers')[0];
  return {
    unitSettings: unitLines.filter(({ key }) => key !== 'Environment'),
    kubeletVariables: [
      ...unitLines
        .filter(({ unit, key }) => unit === 'kubelet' && key === 'Environment')
        .flatMap(({ file, line, value }) => environment(value).map((each) => ({ file, line, ...each }))),
      ...defaults.flatMap(({ file, line, text }) =>
        variable(text.replace(/^\s*(export\s+)?/, '')).map((each) => ({ file, line, ...each })),
      ),
    ],
    managerProxies: all('managerProxy').flatMap(variable),
    maskedUnits: all('masked'),
    sysctlFiles: all('sysctlFile'),
    sysctlSettings: of(/\/sysctl\.d\//).flatMap(sysctlSetting),
    resolvers: all('resolver').map((file) => ({
      file,
      servers: (byFile.get(file) ?? []).flatMap((line) => nameServer(line.text)),
    })),
    containers: countOf(all('container')),
    cgroupControllers:
      controllers?.split(/\s+/).filter(Boolean) ??
      of(/^\/proc\/cgroups$/).flatMap(({ text }) => text.split(/\s+/).slice(0, 1)),
    routes: all('route').flatMap(route),
    links: all('link'),
    tunnels: tunnels(of(/^\/sys\/class\/net\//), all('vxlan')),
    noExec: noExecFolders(mountsOf(lines)),
    modprobe: of(/\/modprobe\.d\//).flatMap(modprobeLine),
    lockIsFolder: all('lockIsFolder')[0] === '1',
    savedRules: all('savedRule')
      .flatMap(foundLine)
      .map(({ text, ...place }) => ({ ...place, rule: text })),
    kubeletPackage: kept === 'held' || kept === 'installed' ? kept : 'absent',
  };
}

/** Without kboot's own drop-in, and files that one of the same name in an earlier folder hides. */
function inForce(lines: readonly FoundLine[]): readonly FoundLine[] {
  const rank = ({ file }: Place): number =>
    unitFolders.findIndex((folder) => file.startsWith(`${folder}/systemd/`));
  const key = ({ file }: Place): string => file.split('/').slice(-2).join('/');
  const first = new Map<string, number>();
  for (const line of lines) {
    const known = first.get(key(line)) ?? Infinity;
    if (rank(line) < known) first.set(key(line), rank(line));
  }
  return lines.filter(
    (line) => !line.file.endsWith(`/kubelet.service.d/${ownDropIn}`) && first.get(key(line)) === rank(line),
  );
}

function unitSetting({ file, line, text }: FoundLine): HostPast['unitSettings'][number][] {
  const [, unit] = /\/(kubelet|containerd)\.service\.d\//.exec(file) ?? [];
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at)).trim();
  if ((unit !== 'kubelet' && unit !== 'containerd') || !/^\w+$/.test(key)) return [];
  return [{ file, line, unit, key, value: text.slice(at + 1).trimStart() }];
}

/** `"A=1 2" B=3`: the variables of a systemd Environment setting. */
function environment(value: string): Variable[] {
  return [...value.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].flatMap(([, double, single, plain]) =>
    variable(double ?? single ?? plain ?? ''),
  );
}

function variable(text: string): Variable[] {
  const [, name, value = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
  return name === undefined ? [] : [{ name, value: unquoted(value.trim()) }];
}

function unquoted(text: string): string {
  const [first = ''] = text;
  const quoted = (first === '"' || first === "'") && text.length > 1 && text.endsWith(first);
  return quoted ? text.slice(1, -1) : text;
}

/** `-net/ipv4/conf/all/forwarding = 0` as `net.ipv4.conf.all.forwarding`: the first separator is the one (sysctl.d(5)). */
function sysctlSetting({ file, line, text }: FoundLine): HostPast['sysctlSettings'][number][] {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at)).trim().replace(/^-/, '').trim();
  if (key === '' || /\s/.test(key)) return [];
  const value = text.slice(at + 1).trim();
  const slashed = (/[./]/.exec(key) ?? [])[0] === '/';
  const dotted = slashed ? key.replaceAll(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : key;
  return [{ file, line, key: dotted, value }];
}

/** Interfaces of default routes from router advertisements in the main table; such a route may have several hops, one a line. */
export function advertisedBy(routes: readonly string[]): readonly string[] {
  let isAdvertised = false;
  return routes.flatMap((line) => {
    if (/^\S/.test(line)) isAdvertised = /^default .*\bproto ra\b/.test(line) && !line.includes(' table ');
    const [, name] = isAdvertised ? (/ dev (\S+)/.exec(line) ?? []) : [];
    return name === undefined ? [] : [name];
  });
}

/** `10.8.0.0/24 via 10.0.0.1 dev eth0 …`; a route without an interface, such as one of several hops, has none. */
function route(line: string): HostPast['routes'][number][] {
  const [network = ''] = line
    .trim()
    .replace(/^unicast /, '')
    .split(/\s+/);
  const word = (name: string): string => new RegExp(` ${name} (\\S+)`).exec(line)?.[1] ?? '';
  // A number is a label of MPLS.
  return network === '' || network === 'default' || /^\d+$/.test(network)
    ? []
    : [{ network, via: word('via'), interface: word('dev') }];
}

/** From `DEVTYPE=vxlan` of an interface, and `4: flannel.1: <…> … vxlan id 1 local 10.0.0.11 dev eth0 srcport 0 0 dstport 8472 …` */
function tunnels(lines: readonly FoundLine[], details: readonly string[]): Tunnel[] {
  const named = (kind: Tunnel['kind']): readonly string[] =>
    lines.flatMap(({ file, text }) => (text.startsWith(`DEVTYPE=${kind}`) ? [file.split('/')[4] ?? ''] : []));
  const links = new Map(details.map((line) => [/^\d+: ([^:@\s]+)/.exec(line)?.[1] ?? '', line]));
  return [
    ...named('vxlan').map((name) => vxlan(name, links.get(name) ?? '')),
    ...named('wireguard').map((name): Tunnel => ({ name, kind: 'wireguard' })),
  ];
}

function vxlan(name: string, link: string): Tunnel {
  const [, port] = / dstport (\d+)/.exec(link) ?? [];
  const kind = link.indexOf(' vxlan ');
  const external = kind >= 0 && /\bexternal\b/.test(link.slice(kind));
  return {
    ...{ name, kind: 'vxlan' },
    ...(port !== undefined && { port: Number(port) }),
    ...(external && { external: true }),
  };
}

/** Mount points, the types of their file systems and their options, in order: `overlay / overlay rw,relatime 0 0`. */
export function mountsOf(lines: readonly FoundLine[]): readonly Mount[] {
  return lines.flatMap(({ file, text }) => {
    const [, point = '', type = '', options = ''] = text.split(' ');
    return file === mounts ? [{ point, type, options }] : [];
  });
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly options: string;
}

/** From the mount points that may hold the folders; the last mount at a point is the visible one. */
function noExecFolders(seen: readonly Mount[]): HostPast['noExec'] {
  const options = new Map(seen.map((mount) => [mount.point, mount.options]));
  return mountedFolders.flatMap((folder) => {
    const parents = mountPoints.filter((point) => point === '/' || `${folder}/`.startsWith(`${point}/`));
    const mountPoint = parents.findLast((point) => options.has(point)) ?? '';
    return (options.get(mountPoint) ?? '').split(',').includes('noexec') ? [{ folder, mountPoint }] : [];
  });
}

function nameServer(text: string): readonly string[] {
  const [, address] = /^\s*nameserver\s+(\S+)/.exec(text) ?? [];
  return address === undefined ? [] : [address];
}

function modprobeLine({ file, line, text }: FoundLine): HostPast['modprobe'][number][] {
  const [command, module = '', ...rest] = text.trim().split(/\s+/);
  if (command !== 'install' && command !== 'blacklist') return [];
  const harmless = command === 'install' && !/\/(true|false)\b/.test(rest.join(' '));
  return harmless ? [] : [{ file, line, command, module: module.replaceAll('-', '_') }];
}

/** `/usr/bin` → `/`, `/usr`, `/usr/bin` */
function parentsOf(folder: string): readonly string[] {
  const parts = folder.split('/').slice(1);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

function countOf(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}
