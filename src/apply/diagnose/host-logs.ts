import { plural } from '../../model/plural.ts';
import { quote } from '../../model/shell.ts';
import { logLines, type Section } from './text.ts';

/** The logs and states to read on a host. */
export interface HostQuestion {
  readonly containers: readonly {
    readonly name: string;
    /** Prefix of its file names in /var/log/containers: `etcd-cp-1_kube-system_`. */
    readonly prefix: string;
  }[];
  readonly units: readonly string[];
  /** A TCP port whose listeners are read. */
  readonly port?: number;
}

export interface UnitState {
  readonly unit: string;
  readonly installed: boolean;
  readonly active: boolean;
  /** `activating (auto-restart), result exit-code, status 1, 12 restarts` */
  readonly state: string;
  readonly log: string;
}

export interface ContainerLog {
  readonly name: string;
  /** Of the newest container; empty if no container exists. */
  readonly last: string;
  /** Of the previous container. */
  readonly previous: string;
}

export interface HostAnswer {
  readonly containers: readonly ContainerLog[];
  readonly units: readonly UnitState[];
  /** The output of `ss` for the port; empty if nothing listens. */
  readonly listeners: string;
}

/** Number of lines that are read from each log; fewer are shown. */
const tail = 40;

/**
 * Shell that prints the end of the logs, and the states of the units, each after a line `@NONCE KEY`. The kubelet keeps a
 * link in /var/log/containers for every existing container: the newest is the current or last run.
 */
export function hostScript({ containers, units, port }: HostQuestion, nonce: string): string {
  const mark = (key: string): string => `echo; echo "@${nonce} ${key}"`;
  const shorten = 'tail -c 30000 | cut -c1-2000';
  return [
    'export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"',
    ...containers.map(
      ({ prefix }, index) => `n=0
for f in $(ls -t /var/log/containers/${quote(prefix)}*.log 2>/dev/null | head -n 2); do
  ${mark(`container ${index} $n`)}
  timeout 1 tail -n ${tail} "$f" 2>/dev/null | ${shorten}
  n=$((n + 1))
done`,
    ),
    ...units.map((unit, index) => {
      const name = quote(`${unit}.service`);
      return `${mark(`state ${index}`)}
timeout 1 systemctl show -p LoadState -p ActiveState -p SubState -p Result -p ExecMainStatus -p NRestarts ${name} 2>/dev/null
${mark(`journal ${index}`)}
timeout 2 journalctl -q -u ${name} -n ${tail} --no-pager -o cat 2>/dev/null | ${shorten}`;
    }),
    ...(port === undefined
      ? []
      : [mark('port'), `timeout 1 ss -Hltnp 'sport = :${port}' 2>/dev/null | head -n 3`]),
    'exit 0',
  ].join('\n');
}

/** Parses the output of the script; missing parts are empty. */
export function readHost({ containers, units }: HostQuestion, nonce: string, output: string): HostAnswer {
  const parts = new Map(
    output
      .slice(0, 1_000_000)
      .split(`\n@${nonce} `)
      .slice(1)
      .map((part): [string, string] => {
        const end = part.indexOf('\n');
        return end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
      }),
  );
  const part = (key: string): string => parts.get(key)?.trim() ?? '';
  return {
    containers: containers.map(({ name }, index) => ({
      name,
      last: part(`container ${index} 0`),
      previous: part(`container ${index} 1`),
    })),
    units: units.map((unit, index) => readUnit(unit, part(`state ${index}`), part(`journal ${index}`))),
    listeners: part('port'),
  };
}

function readUnit(unit: string, shown: string, log: string): UnitState {
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
  const [active, sub, result, status, restarts] = [
    'ActiveState',
    'SubState',
    'Result',
    'ExecMainStatus',
    'NRestarts',
  ].map(value);
  const state = [
    active === '' ? 'in an unknown state' : `${active ?? ''} (${sub ?? ''})`,
    ...(result === '' || result === 'success' ? [] : [`result ${result ?? ''}`]),
    ...(status === '' || status === '0' ? [] : [`status ${status ?? ''}`]),
    ...(Number(restarts) > 0 ? [plural(Number(restarts), 'restart')] : []),
  ];
  return {
    unit,
    installed: value('LoadState') !== 'not-found',
    active: active === 'active',
    state: state.join(', '),
    log,
  };
}

/** The end of a container's log, and of its previous run; nothing without a log. */
export function containerLines(host: string, log: ContainerLog, count: number): Section[] {
  const section = (title: string, text: string): Section[] =>
    text === '' ? [] : [[`${title} of container ${log.name} on ${host}:`, ...logLines(text, count)]];
  return [...section('last lines', log.last), ...section('last lines of the previous run', log.previous)];
}

/** The state of a unit; with `count` the end of its journal. */
export function unitLines(host: string, { unit, installed, state, log }: UnitState, count: number): Section {
  if (!installed) return [`${unit}.service is not installed on ${host}`];
  const lines = count === 0 ? [] : logLines(log, count);
  return [`${unit}.service on ${host}: ${state}${lines.length === 0 ? '' : '; last lines:'}`, ...lines];
}

/** A unit that matters only if it is not active. */
export function unitUnlessActive(host: string, unit: UnitState | undefined, count: number): Section[] {
  return unit === undefined || unit.active ? [] : [unitLines(host, unit, count)];
}
