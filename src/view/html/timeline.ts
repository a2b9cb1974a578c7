import { stages } from '../../model/stage.ts';
import type { Plan } from '../../plan/types.ts';
import { seconds } from './numbers.ts';
import { html, type Html } from './html.ts';
import type { RunRecord } from './record.ts';
import type { Section } from './rows.ts';
import { secondsTable } from './tables.ts';
import { plannedTimeline, runTimeline } from './timeline-svg.ts';

/** The section with the drawing of the stages, and after a run the seconds in a table. */
export function timelineHtml(plan: Plan, sections: readonly Section[], record: RunRecord | undefined): Html {
  const turns =
    plan.roll.length === 0
      ? 'Hosts do not wait for each other.'
      : `${plan.roll.map(({ host }) => host).join(', ')} take turns: each begins when the one before is healthy again. Other hosts wait for nobody.`;
  const words =
    record === undefined
      ? `A bar is a stage with its number of steps; its length is no duration. ${turns} Work through the API begins when every control plane has gone through that stage.`
      : 'Seconds since the first change.';
  const figure =
    record === undefined ? plannedTimeline(plan, sections) : runTimeline(plan, record, runWords(record));
  return html`<section aria-labelledby="timeline-heading">
    <h2 id="timeline-heading">Timeline</h2>
    <p class="note">${words}</p>
    <figure class="wide" tabindex="0" role="group" aria-label="Drawing of the timeline">${figure}</figure>
    ${record === undefined && plan.roll.length === 0 ? undefined : legend(stagesOf(plan, sections, record))}
    ${record === undefined ? undefined : secondsTable(record)}
  </section>`;
}

/** What the colours say, where bars may be too short for words. */
function legend(used: ReadonlySet<string>): Html {
  const known = [...stages, 'healthy'].filter((stage) => used.has(stage));
  return html`<ul class="legend">
    ${known.map((stage) => html`<li><span class="swatch ${stage}"></span>${stage === 'healthy' ? 'until healthy' : stage}</li>`)}
  </ul>`;
}

function stagesOf(
  plan: Plan,
  sections: readonly Section[],
  record: RunRecord | undefined,
): ReadonlySet<string> {
  if (record !== undefined)
    return new Set([...record.hosts.values(), record.cluster].flat().map(({ stage }) => stage));
  const waits = plan.roll.some((turn) => turn.waits.length > 0) ? ['healthy'] : [];
  return new Set([...sections.flatMap(({ stage }) => stage ?? []), ...waits]);
}

function runWords(record: RunRecord): string {
  const spans = [...record.hosts.values(), record.cluster].flat();
  const perStage = stages.flatMap((stage) => {
    const own = spans.filter((span) => span.stage === stage);
    if (own.length === 0) return [];
    const from = Math.min(...own.map((span) => span.from));
    const to = Math.max(...own.map((span) => span.to));
    return [`${stage} from ${seconds(from / 1000)} to ${seconds(to / 1000)}`];
  });
  return `${perStage.join(', ')}. The table below has each host.`;
}
