import pc from 'picocolors';
import type { ApplyEvent } from '../apply/events.ts';
import { plural } from '../model/plural.ts';
import { hostOf, tasksOf } from '../plan/steps.ts';
import type { Gate, Plan, Step } from '../plan/types.ts';
import { age, pace, size } from './amounts.ts';
import { fit } from './fit.ts';
import { itemText, locate, type Located } from './placed.ts';
import { below, line, shown, view, type Printable, type Screen } from './printable.ts';
import { redrawing } from './redraw.ts';

interface HostLine {
  /** Phases that it has completed, by id. */
  readonly done: string[];
  current: string | undefined;
  doing: string;
  /** What is on its way to it, and takes long. */
  sending: string | undefined;
  total: number;
  finished: number;
  failed: boolean;
  endedAt: number | undefined;
}

/** What the progress view remembers; events change it, `lines` draws it. */
export class ProgressState {
  readonly hosts = new Map<string, HostLine>();
  /** Current work outside hosts, by step: gates and changes through the API, and steps on this machine. */
  readonly elsewhere = new Map<string, { readonly where: 'API' | 'here'; readonly what: string }>();
  /** Ids of the phases, in order. */
  readonly phases: readonly string[];
  readonly #located: ReadonlyMap<string, Located>;

  constructor(plan: Plan) {
    this.#located = locate(plan);
    this.phases = plan.phases.map(({ id }) => id);
    const changed = new Set(tasksOf(plan.phases).map(({ on }) => hostOf(on)));
    // Of a thousand hosts, those that have something to do.
    for (const host of plan.hosts)
      if (host.state !== 'unreachable' && changed.has(host.name))
        this.hosts.set(host.name, {
          done: [],
          current: undefined,
          doing: '',
          sending: undefined,
          total: 0,
          finished: 0,
          failed: false,
          endedAt: undefined,
        });
  }

  /** Applies one event. */
  take(event: ApplyEvent): void {
    switch (event.type) {
      case 'task': {
        const line = this.hosts.get(event.host);
        if (line) Object.assign(line, { current: event.phase, doing: '', total: event.steps, finished: 0 });
        break;
      }
      case 'task-done': {
        const line = this.hosts.get(event.host);
        line?.done.push(event.phase);
        if (line) Object.assign(line, { current: undefined, doing: '', endedAt: event.at });
        break;
      }
      case 'host-lost': {
        const line = this.hosts.get(event.host);
        if (line)
          Object.assign(line, {
            ...{ failed: true, doing: event.message, sending: undefined, endedAt: event.at },
          });
        break;
      }
      case 'skipped':
        this.elsewhere.delete(event.step.id);
        break;
      case 'sending': {
        const line = this.hosts.get(event.host);
        if (line) line.sending = event.bytes < event.size ? sendingWords(event) : undefined;
        break;
      }
      case 'notice':
      case 'files':
        break;
      case 'start':
      case 'waiting':
      case 'done':
      case 'failed':
        this.#step(event);
        break;
      case 'span':
      case 'session':
    }
  }

  #step(event: Extract<ApplyEvent, { type: 'start' | 'done' | 'waiting' | 'failed' }>): void {
    const { step } = event;
    const host = step.type === 'shell' ? this.#located.get(step.id)?.host : undefined;
    if (host === undefined) {
      if (event.type === 'done' || event.type === 'failed') this.elsewhere.delete(step.id);
      else
        this.elsewhere.set(step.id, elsewhereWords(step, event.type === 'waiting' ? event.seen : undefined));
      return;
    }
    const line = this.hosts.get(host);
    if (line === undefined) return;
    if (event.type === 'start') line.doing = itemText(step);
    if (event.type === 'done') line.finished++;
    if (event.type === 'failed')
      Object.assign(line, { failed: true, doing: itemText(step), sending: undefined, endedAt: event.at });
  }
}

type Sending = Extract<ApplyEvent, { type: 'sending' }>;

/** `binary /usr/bin/kubectl: 12.3 MB of 84.0 MB sent, 250 kB/s, 5 min left` */
function sendingWords({ what, bytes, size: whole, bytesPerSecond }: Sending): string {
  const left = bytesPerSecond === 0 ? '' : `, ${age(Math.ceil((whole - bytes) / bytesPerSecond))} left`;
  return `${what}: ${size(bytes)} of ${size(whole)} sent, ${pace(bytesPerSecond)}${left}`;
}

function elsewhereWords(
  step: Step | Gate,
  seen: string | undefined,
): { readonly where: 'API' | 'here'; readonly what: string } {
  if (step.type === 'issue')
    return {
      where: 'here',
      what: `issues ${plural(step.certificates.length, 'certificate')} and keys into the state folder`,
    };
  const what = `${step.type === 'wait' ? 'waits for ' : ''}${itemText(step)}`;
  return {
    where: step.type === 'hook' ? 'here' : 'API',
    what: seen === undefined ? what : `${what}: ${seen}`,
  };
}

/**
 * The view at `at` milliseconds, at most `width` wide and `height` high: if there is not enough room for all hosts,
 * failed and active ones are first, and a line counts the others.
 */
export function progressLines(state: ProgressState, at: number, width: number, height = Infinity): string[] {
  const names = Math.max(4, ...[...state.hosts.keys()].map((name) => name.length));
  const api = elsewhereLine(state, names, width);
  const room = height - api.length;
  const all = [...state.hosts];
  // Current work gets more room than the names of completed phases; the same on all lines, to keep columns stable.
  const brief = all.some(
    ([, line]) => line.current !== undefined && bodyOf(line, false).length > width - names - 12,
  );
  const hostLine = (entry: [string, HostLine]): string => lineOf(entry, at, width, names, brief);
  if (all.length <= room) return [...all.map(hostLine), ...api];
  const rank = ({ failed, current }: HostLine): number => (failed ? 0 : current === undefined ? 2 : 1);
  const byNeed = all
    .filter(([, line]) => rank(line) < 2)
    .toSorted(([, one], [, other]) => rank(one) - rank(other))
    .slice(0, Math.max(1, room - 1));
  const shown = new Set(byNeed.map(([name]) => name));
  const rest = all.filter(([name]) => !shown.has(name)).map(([, line]) => line);
  return [
    ...all.filter(([name]) => shown.has(name)).map(hostLine),
    ...(rest.length === 0 ? [] : [clip(restLine(rest, state.phases, shown.size > 0), width - 1)]),
    ...api,
  ];
}

function bodyOf(line: HostLine, brief: boolean): string {
  const { done, current, failed, finished, total, doing, sending } = line;
  const now =
    current === undefined
      ? []
      : [`${failed ? '✗' : '●'} ${current} ${finished}/${total}  ${sending ?? doing}`];
  const past = brief && now.length > 0 ? ['✓'.repeat(done.length)] : done.map((phase) => `✓ ${phase}`);
  return [...past, ...now].filter(Boolean).join('  ');
}

function lineOf(
  [name, line]: [string, HostLine],
  at: number,
  width: number,
  names: number,
  brief: boolean,
): string {
  const seconds = `${Math.round(((line.current === undefined || line.failed) && line.endedAt !== undefined ? line.endedAt : at) / 1000)} s`;
  const room = width - names - seconds.length - 6;
  const body = bodyOf(line, brief);
  const text = `  ${name.padEnd(names)}  ${clip(body, room)}`;
  const colour = line.failed
    ? pc.red
    : line.current === undefined
      ? pc.green
      : (plain: string): string => plain;
  return `${colour(text)}  ${pc.dim(seconds)}`;
}

/** `  … 31 more hosts: 12 through host, 19 in runtime` */
function restLine(lines: readonly HostLine[], phases: readonly string[], more: boolean): string {
  const counts = phases
    .map((phase) => [phase, lines.filter(({ current }) => current === phase).length] as const)
    .filter(([, count]) => count > 0)
    .map(([phase, count]) => `${count} in ${phase}`);
  const last = phases.findLast((phase) => lines.some(({ done }) => done.includes(phase)));
  const through = lines.filter(({ current, done }) => current === undefined && done.length > 0).length;
  const waiting = lines.filter(({ current, done }) => current === undefined && done.length === 0).length;
  const parts = [
    ...(through === 0 ? [] : [`${through} through ${last ?? ''}`]),
    ...counts,
    ...(waiting === 0 ? [] : [`${waiting} not started`]),
  ];
  return `  … ${lines.length}${more ? ' more' : ''} hosts: ${parts.join(', ')}`;
}

function elsewhereLine({ elsewhere }: ProgressState, names: number, width: number): string[] {
  const [first, ...others] = [...elsewhere.values()];
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : `  and ${others.length} more`;
  const text = `  ${first.where.padEnd(names)}  ● ${first.what}`;
  return [`${clip(text, width - 1 - more.length)}${more}`];
}

function clip(text: string, width: number): string {
  const plain = text.replaceAll('\n', ' ');
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(1, width - 1))}…`;
}

export interface Progress {
  take(event: ApplyEvent): void;
  /** A permanent line above the view. */
  say(text: Printable): void;
  stop(): void;
}

/** Redraws in place on a terminal; otherwise prints one line for each task of a host, gate and failure. */
export function showProgress(plan: Plan, screen: Screen): Progress {
  const progress =
    screen.isTTY === true ? liveProgress(shown(plan), screen) : plainProgress(shown(plan), screen);
  return {
    ...progress,
    take: (event) => {
      progress.take(shown(inOneLine(event)));
    },
  };
}

/** What hosts and servers said takes one line each. */
function inOneLine(event: ApplyEvent): ApplyEvent {
  if ('message' in event) return { ...event, message: event.message.replaceAll('\n', ' ') };
  return 'seen' in event ? { ...event, seen: event.seen.replaceAll('\n', ' ') } : event;
}

const drawn = view((...given: Parameters<typeof progressLines>) => progressLines(...given).join('\n'));

function liveProgress(plan: Plan, screen: Screen): Progress {
  const state = new ProgressState(plan);
  const update = redrawing(screen);
  const begun = Date.now();
  const draw = (): void => {
    update(drawn(state, Date.now() - begun, screen.columns, Math.max(3, screen.rows - 2)));
  };
  const say = (text: Printable): void => {
    update.clear();
    screen.write(below(fit(text, screen.columns), line``));
    draw();
  };
  const timer = setInterval(draw, 100);
  return {
    take: (event) => {
      state.take(event);
      if (event.type === 'notice') say(line`${event.host} ${event.message}`);
    },
    say,
    stop() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

function plainProgress(plan: Plan, screen: Screen): Progress {
  const located = locate(plan);
  const say = (at: number, text: string): void => {
    screen.write(line`${(at / 1000).toFixed(1).padStart(6)} s  ${text.replaceAll('\n', ' ')}\n`);
  };
  const words = (step: Step | Gate): string => {
    const host = step.type === 'shell' ? located.get(step.id)?.host : undefined;
    return `${host === undefined ? '' : `${host}: `}${itemText(step)}`;
  };
  const many = plan.hosts.length < manyHosts ? undefined : counted(plan, say);
  const sends = sendsTo(say);
  /** Reasons for skipping that were already printed, by phase: one line for each. */
  const skipped = new Set<string>();
  return {
    take(event) {
      switch (event.type) {
        case 'notice':
          say(event.at, `${event.host} ${event.message}`);
          break;
        case 'sending':
          sends(event);
          break;
        case 'task-done':
          if (many === undefined)
            say(event.at, `${event.host}: ${event.phase} done in ${event.seconds.toFixed(1)} s`);
          else many.take(event.phase, event.at);
          break;
        case 'failed':
          say(event.at, `${words(event.step)} FAILED: ${event.message}`);
          break;
        case 'host-lost':
          say(event.at, `${event.host}: LOST: ${event.message}`);
          break;
        case 'skipped': {
          if (event.step.type === 'shell') break;
          const phase = located.get(event.step.id)?.phase.id ?? '';
          if (skipped.has(`${phase} ${event.why}`)) break;
          skipped.add(`${phase} ${event.why}`);
          say(event.at, `${words(event.step)}: skipped, ${event.why}`);
          break;
        }
        case 'waiting':
          say(event.at, `waits for ${itemText(event.step)}: ${event.seen}`);
          break;
        case 'done':
          if (event.step.type === 'issue')
            say(
              event.at,
              `issued ${event.step.certificates.length} certificates and keys into the state folder`,
            );
          if (event.step.type === 'wait') say(event.at, `${itemText(event.step)} ok`);
          break;
        case 'task':
        case 'files':
        case 'start':
        case 'span':
        case 'session':
      }
    },
    say(text) {
      screen.write(below(text, line``));
    },
    stop() {
      many?.stop();
    },
  };
}

/** What is on its way, for all hosts together: a line at most every 10 s. */
function sendsTo(say: (at: number, text: string) => void): (event: Sending) => void {
  const coming = new Map<string, Sending>();
  let printedAt = 0;
  return (event) => {
    if (event.bytes < event.size) coming.set(`${event.host} ${event.what}`, event);
    else coming.delete(`${event.host} ${event.what}`);
    if (event.at < printedAt + 10_000 || coming.size === 0) return;
    printedAt = event.at;
    const all = [...coming.values()];
    const [first = event] = all;
    const sum = (of: 'bytes' | 'size' | 'bytesPerSecond'): number =>
      all.reduce((total, each) => total + each[of], 0);
    const total = { bytes: sum('bytes'), size: sum('size'), bytesPerSecond: sum('bytesPerSecond') };
    const what = all.length === 1 ? `${first.host}: ${first.what}` : plural(all.length, 'file');
    say(event.at, sendingWords({ ...first, ...total, what }));
  };
}

/** From this number of hosts on, a log counts them instead of naming each. */
const manyHosts = 21;

/** Counts the hosts that have gone through each phase; a line at most every 5 s, and when all have. */
function counted(
  { phases }: Plan,
  say: (at: number, text: string) => void,
): { take(phase: string, at: number): void; stop(): void } {
  const totals = new Map(
    phases.map(({ id, batches }) => [
      id,
      batches.flatMap(({ tasks }) => tasks.filter(({ on }) => hostOf(on) !== undefined)).length,
    ]),
  );
  const seen = new Map<string, { done: number; at: number; printed: number; printedAt: number }>();
  const tell = (phase: string): void => {
    const count = seen.get(phase);
    if (count === undefined || count.printed === count.done) return;
    Object.assign(count, { printed: count.done, printedAt: count.at });
    say(count.at, `${phase}: done on ${count.done} of ${totals.get(phase) ?? count.done} hosts`);
  };
  return {
    take(phase, at) {
      const count = seen.get(phase) ?? { done: 0, at, printed: 0, printedAt: at };
      seen.set(phase, count);
      Object.assign(count, { done: count.done + 1, at });
      if (at - count.printedAt >= 5000 || count.done === totals.get(phase)) tell(phase);
    },
    stop() {
      for (const phase of seen.keys()) tell(phase);
    },
  };
}
