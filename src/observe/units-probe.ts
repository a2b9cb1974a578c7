import { setLineBreak } from '../model/shell.ts';
import type { HostFacts } from '../model/facts.ts';

const kubelet = 'kubelet.service';
const resolved = 'systemd-resolved.service';
const firewalld = 'firewalld.service';
const docker = ['docker.service', 'containerd.service'];
/** What keeps the time, by the name of its service; an alias has the name of its unit here. */
const timeServices: ReadonlyMap<string, NonNullable<HostFacts['timeService']>> = new Map([
  ['chrony.service', 'chrony'],
  ['chronyd.service', 'chrony'],
  ['systemd-timesyncd.service', 'timesyncd'],
  ['ntpsec.service', 'other'],
  ['ntp.service', 'other'],
  ['ntpd.service', 'other'],
  ['openntpd.service', 'other'],
]);
const own = [kubelet, resolved, firewalld, ...docker, ...timeServices.keys()];
/** Other Kubernetes distributions, and what changes routes behind the back of a Pod network. */
const foreign = [
  'k3s*.service',
  'rke2-*.service',
  'k0s*.service',
  'snap.microk8s.*.service',
  'snap.k8s.*.service',
  'snap.kubelet*.service',
  'kube-*.service',
  'flanneld.service',
  'calico*.service',
  'weave*.service',
  'nm-cloud-setup.*',
];

/** Shell that asks systemd once for all units that the inspection looks at: its table of them, also in the variable `units`. */
export const unitsProbe = `units=$(systemctl list-units --all --plain --no-legend ${[...own, ...foreign].map((unit) => `'${unit}'`).join(' ')} 2>/dev/null)
printf '%s\\n' "$units"`;

/** Shell that prints what could keep the time if nothing does. */
export const timeProbe = `
if command -v chronyd >/dev/null; then echo timeProgram=chrony
elif [ -x /lib/systemd/systemd-timesyncd ] || [ -x /usr/lib/systemd/systemd-timesyncd ]; then echo timeProgram=timesyncd; fi`;

/** Shell, after unitsProbe: whether firewalld is active. */
export const firewalldIsActive = `{
  ${setLineBreak}; set -f
  case $n$units in *"$n${firewalld} "*) set -- \${units#*${firewalld}} ;; *) set -- ;; esac
  set +f; [ "\${2:-}" = active ]
}`;

/** What unitsProbe found. */
export interface UnitsSeen {
  readonly kubelet: boolean;
  readonly resolved: boolean;
  /** Docker runs, and so does systemd's containerd. */
  readonly docker: boolean;
  /** What keeps the time, or could; undefined: nothing is installed. */
  readonly timeService: HostFacts['timeService'];
  /** Units of other tools that are active, or on their way. */
  readonly foreign: readonly string[];
}

/** Parses the output of unitsProbe and timeProbe; `all` returns every value of a key, and the table of units as `unit`. */
export function readUnits(all: (key: string) => readonly string[]): UnitsSeen {
  const states = new Map(
    all('unit').map((line): [string, string] => {
      const [name = '', , state = ''] = line.trim().split(/\s+/, 3);
      return [name, state];
    }),
  );
  const isActive = (name: string): boolean => states.get(name) === 'active';
  const [program] = all('timeProgram');
  const running = [...timeServices].find(([name]) => isActive(name))?.[1];
  return {
    kubelet: isActive(kubelet),
    resolved: isActive(resolved),
    docker: docker.every(isActive),
    timeService: running ?? (program === 'chrony' || program === 'timesyncd' ? program : undefined),
    foreign: [...states].flatMap(([name, state]) =>
      !own.includes(name) && ['active', 'activating', 'reloading'].includes(state) ? [name] : [],
    ),
  };
}
