import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { ApplyEvent } from '../apply/events.ts';
import { counted } from '../model/counted.ts';
import { stages, type Stage } from '../model/stage.ts';
import type { Plan } from '../plan/types.ts';
import { fit } from './fit.ts';

interface HostLine {
  readonly done: Stage[];
  current: Stage | undefined;
  doing: string;
  total: number;
  finished: number;
  failed: boolean;
  endedAt: number | undefined;
}

/** Names what comes before all steps. */
const issuing = 'issuing';

/** What the progress view remembers; events change it, `lines` draws it. */
export class ProgressState {
  readonly hosts = new Map<string, HostLine>();
  /** What goes on elsewhere than on hosts, by step: waits and changes through the API, and what is done here. */
  readonly elsewhere = new Map<string, { readonly where: 'API' | 'here'; readonly what: string }>();

  constructor(plan: Plan) {
    if (plan.issue.length > 0)
      this.elsewhere.set(issuing, {
        where: 'here',
        what: `issues ${counted(plan.issue.length, 'certificate')} and keys into the state folder`,
      });
    for (const host of plan.hosts)
      if (host.state !== 'unreachable')
        this.hosts.set(host.name, {
          done: [],
          current: undefined,
          doing: '',
          total: 0,
          finished: 0,
          failed: false,
          endedAt: undefined,
        });
  }

  /** Takes one event in. */
  take(event: ApplyEvent): void {
    if (event.type === 'issued') this.elsewhere.delete(issuing);
    else if (event.type === 'stage') {
      const line = this.hosts.get(event.host);
      if (line) Object.assign(line, { current: event.stage, doing: '', total: event.steps, finished: 0 });
    } else if (event.type === 'stage-done') {
      const line = this.hosts.get(event.host);
      line?.done.push(event.stage);
      if (line) Object.assign(line, { current: undefined, doing: '', endedAt: event.at });
    } else if (event.type === 'host-lost') {
      const line = this.hosts.get(event.host);
      if (line) Object.assign(line, { failed: true, doing: event.message, endedAt: event.at });
    } else if (
      event.type === 'start' ||
      event.type === 'done' ||
      event.type === 'waiting' ||
      event.type === 'failed'
    ) {
      this.#step(event);
    }
  }

  #step(event: Extract<ApplyEvent, { type: 'start' | 'done' | 'waiting' | 'failed' }>): void {
    const { step } = event;
    if (step.type !== 'host') {
      const what = `${step.verb === 'wait' ? 'waits for ' : ''}${step.resource}`;
      if (event.type === 'done' || event.type === 'failed') this.elsewhere.delete(step.id);
      else
        this.elsewhere.set(step.id, {
          where: step.type === 'operator' ? 'here' : 'API',
          what: event.type === 'waiting' ? `${what}: ${event.seen}` : what,
        });
      return;
    }
    const line = this.hosts.get(step.host);
    if (line === undefined) return;
    if (event.type === 'start') line.doing = step.resource;
    if (event.type === 'done') line.finished++;
    if (event.type === 'failed')
      Object.assign(line, { failed: true, doing: step.resource, endedAt: event.at });
  }
}

/**
 * The picture at `at` milliseconds, no wider than `width` and no higher than `height`: where that is too low for all
 * hosts, those that failed or work come first, and a line counts the others.
 */
export function progressLines(state: ProgressState, at: number, width: number, height = Infinity): string[] {
  const names = Math.max(4, ...[...state.hosts.keys()].map((name) => name.length));
  const api = elsewhereLine(state, names, width);
  const room = height - api.length;
  const all = [...state.hosts];
  // What goes on is worth more room than the names of what is done; all lines alike, so that none jumps.
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
    ...(rest.length === 0 ? [] : [clip(restLine(rest, shown.size > 0), width - 1)]),
    ...api,
  ];
}

function bodyOf({ done, current, failed, finished, total, doing }: HostLine, brief: boolean): string {
  const now =
    current === undefined ? [] : [`${failed ? '✗' : '●'} ${current} ${finished}/${total}  ${doing}`];
  const past = brief && now.length > 0 ? ['✓'.repeat(done.length)] : done.map((stage) => `✓ ${stage}`);
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
function restLine(lines: readonly HostLine[], more: boolean): string {
  const counts = stages
    .map((stage) => [stage, lines.filter(({ current }) => current === stage).length] as const)
    .filter(([, count]) => count > 0)
    .map(([stage, count]) => `${count} in ${stage}`);
  const last = stages.findLast((stage) => lines.some(({ done }) => done.includes(stage)));
  const through = lines.filter(({ current, done }) => current === undefined && done.length > 0).length;
  const waiting = lines.filter(({ current, done }) => current === undefined && done.length === 0).length;
  const parts = [
    ...(through === 0 ? [] : [`${through} through ${last ?? ''}`]),
    ...counts,
    ...(waiting === 0 ? [] : [`${waiting} not begun`]),
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
  /** A line for the reader that stays above the picture. */
  say(text: string): void;
  stop(): void;
}

/** Redraws in place on a terminal; elsewhere one line per stage, per wait and per failure. */
export function showProgress(plan: Plan, stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? liveProgress(plan, stream) : plainProgress(stream);
}

function liveProgress(plan: Plan, stream: NodeJS.WriteStream): Progress {
  const state = new ProgressState(plan);
  const update = createLogUpdate(stream);
  const begun = Date.now();
  const draw = (): void => {
    update(progressLines(state, Date.now() - begun, stream.columns, Math.max(3, stream.rows - 2)).join('\n'));
  };
  const timer = setInterval(draw, 100);
  return {
    take: (event) => {
      state.take(event);
    },
    say(text) {
      update.clear();
      stream.write(`${fit(text, stream.columns)}\n`);
      draw();
    },
    stop() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

function plainProgress(stream: NodeJS.WriteStream): Progress {
  const say = (at: number, text: string): void => {
    stream.write(`${(at / 1000).toFixed(1).padStart(6)} s  ${text.replaceAll('\n', ' ')}\n`);
  };
  return {
    take(event) {
      if (event.type === 'issued')
        say(event.at, `issued ${event.count} certificates and keys into the state folder`);
      if (event.type === 'stage-done')
        say(event.at, `${event.host}: ${event.stage} done in ${event.seconds.toFixed(1)} s`);
      if (event.type === 'failed')
        say(
          event.at,
          `${event.step.type === 'host' ? `${event.step.host}: ` : ''}${event.step.resource} FAILED: ${event.message}`,
        );
      if (event.type === 'host-lost') say(event.at, `${event.host}: LOST: ${event.message}`);
      if (event.type === 'skipped' && event.step.type !== 'host')
        say(event.at, `${event.step.resource}: skipped, ${event.why}`);
      if (event.type === 'waiting') say(event.at, `waits for ${event.step.resource}: ${event.seen}`);
      if (event.type === 'done' && event.step.type === 'wait') say(event.at, `${event.step.resource} ok`);
    },
    say(text) {
      stream.write(`${text}\n`);
    },
    stop: () => undefined,
  };
}

/** Seconds that each stage took, from the first host's begin to the last host's end. */
export function stageSeconds(events: readonly ApplyEvent[]): string {
  return stages
    .flatMap((stage) => {
      const of = events.filter((event) =>
        event.type === 'stage' || event.type === 'stage-done'
          ? event.stage === stage
          : 'step' in event && event.step.stage === stage,
      );
      const first = of[0]?.at;
      const last = of.at(-1)?.at;
      return first === undefined || last === undefined
        ? []
        : [`${stage} ${((last - first) / 1000).toFixed(1)}`];
    })
    .join(', ');
}
