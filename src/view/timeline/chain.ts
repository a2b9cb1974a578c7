import type { Stage } from '../../model/stage.ts';
import { hostOf } from '../../plan/steps.ts';
import type { Span, Timeline } from './timeline.ts';

/** A part of the longest chain: neighbours of one phase at one place are one link. */
export interface Link {
  readonly what: string;
  readonly host?: string;
  readonly phase?: string;
  /** `healthy`: a gate; `before`: before the plan was applied. */
  readonly stage: Stage | 'healthy' | 'before';
  /** Seconds since the command began; of several spans, the start of the first and the end of the last. */
  readonly from: number;
  readonly to: number;
  /** Of its spans, without pauses between them. */
  readonly seconds: number;
  /** Its longest steps, if they explain much of it. */
  readonly steps: readonly { readonly what: string; readonly seconds: number }[];
}

/** Shares of a link from which a step of it is named, and of the whole from which a link is. */
const stepShare = 0.2;
const linkShare = 0.01;
const mostSteps = 2;

/** The longest chain in links, and the seconds of everything too short to be one. */
export function linksOf({ chain, from, to }: Timeline): {
  readonly total: number;
  readonly links: readonly Link[];
  readonly rest: number;
} {
  const groups: Span[][] = [];
  for (const span of chain) {
    const group = groups.at(-1);
    if (group?.[0] !== undefined && isSame(group[0], span)) group.push(span);
    else groups.push([span]);
  }
  const total = (to - from) / 1000;
  const all = groups.flatMap(([first, ...more]) => (first === undefined ? [] : linkOf(first, more, from)));
  const links = all.filter(({ seconds }) => seconds >= Math.max(0.05, total * linkShare));
  const named = links.reduce((sum, { seconds }) => sum + seconds, 0);
  return { total, links, rest: Math.max(0, total - named) };
}

/** Tasks of one phase at one place; a gate and a stretch are alone. */
function isSame(one: Span, other: Span): boolean {
  return (
    one.kind === 'task' &&
    other.kind === 'task' &&
    one.phase === other.phase &&
    hostOf(one.place) === hostOf(other.place)
  );
}

function linkOf(first: Span, more: readonly Span[], origin: number): Link {
  const spans = [first, ...more];
  const seconds = spans.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0);
  const steps = spans
    .flatMap((span) => span.steps)
    .map(({ what, from, to }) => ({ what, seconds: (to - from) / 1000 }))
    .filter((step) => step.seconds >= Math.max(0.1, seconds * stepShare))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, mostSteps);
  const host = hostOf(first.place);
  return {
    ...{ what: first.what, seconds, steps },
    from: (first.from - origin) / 1000,
    to: ((more.at(-1) ?? first).to - origin) / 1000,
    stage:
      first.kind === 'before' ? 'before' : first.kind === 'gate' ? 'healthy' : (first.phase?.stage ?? 'host'),
    ...(host !== undefined && { host }),
    ...(first.phase && { phase: first.phase.id }),
  };
}

/** `runtime of cp-1`, `API server` */
export function linkWords({ what, host }: Pick<Link, 'what' | 'host'>): string {
  return host === undefined ? what : `${what} of ${host}`;
}
