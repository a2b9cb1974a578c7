import { gatesOf, hostOf, isSerial } from '../../plan/steps.ts';
import type { Plan } from '../../plan/types.ts';
import { hostList } from '../host-list.ts';
import { seconds } from './numbers.ts';
import { timelineOf } from '../timeline/timeline.ts';
import { chainHtml } from './chain.ts';
import { html, type Html } from './html.ts';
import type { PageRun } from './input.ts';
import type { RunRecord } from './record.ts';
import { secondsTable } from './tables.ts';
import { plannedTimeline, runTimeline } from './timeline-svg.ts';

/** The section with the drawing of the phases, and after a run a table of seconds. */
export function timelineHtml(plan: Plan, record: RunRecord | undefined, run: PageRun | undefined): Html {
  const words =
    record === undefined
      ? [
          'A bar is a phase with its number of steps; its length is not a duration. It starts when the earlier phases of its host, and the phases that it depends on, have ended.',
          ...turns(plan),
        ].join(' ')
      : 'Seconds since the first change.';
  const figure =
    record === undefined ? plannedTimeline(plan) : runTimeline(plan, record, runWords(plan, record));
  return html`<section aria-labelledby="timeline-heading">
    <h2 id="timeline-heading">Timeline</h2>
    <p class="note">${words}</p>
    <figure class="wide" tabindex="0" role="group" aria-label="Drawing of the timeline">${figure}</figure>
    ${legend(plan)}${record === undefined ? undefined : secondsTable(plan.phases, record)}
    ${run === undefined ? undefined : chainHtml(timelineOf(plan, run.events, run.before))}
  </section>`;
}

/** Hosts that go one after another, each group once. */
function turns({ phases, hosts }: Plan): string[] {
  const all = hosts.map(({ name }) => name);
  const sentences = phases.filter(isSerial).flatMap(({ batches }) => {
    const own = [...new Set(batches.flatMap(({ tasks }) => tasks.flatMap(({ on }) => hostOf(on) ?? [])))];
    return own.length < 2
      ? []
      : [`${hostList(own, all)} go one after another: each starts when the previous one is healthy again.`];
  });
  return [...new Set(sentences)];
}

/** The meaning of the colours, since some bars are too short for words. */
function legend(plan: Plan): Html {
  const entries = [
    ...plan.phases.map(({ id, stage }) => [id, stage] as const),
    ...(gatesOf(plan).length === 0 ? [] : [['until healthy', 'healthy'] as const]),
  ];
  return html`<ul class="legend">
    ${entries.map(([text, stage]) => html`<li><span class="swatch ${stage}"></span>${text}</li>`)}
  </ul>`;
}

function runWords({ phases }: Plan, { hosts, operator, cluster }: RunRecord): string {
  const spans = [operator, ...hosts.values(), cluster].flat();
  const perPhase = phases.flatMap(({ id }) => {
    const own = spans.filter(({ phase }) => phase === id);
    if (own.length === 0) return [];
    const from = Math.min(...own.map((span) => span.from));
    const to = Math.max(...own.map((span) => span.to));
    return [`${id} from ${seconds(from / 1000)} to ${seconds(to / 1000)}`];
  });
  return `${perPhase.join(', ')}. The table below has each host.`;
}
