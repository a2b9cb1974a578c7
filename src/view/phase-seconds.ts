import type { ApplyEvent } from '../apply/events.ts';
import type { Plan } from '../plan/types.ts';
import { locate } from './placed.ts';
import { view } from './printable.ts';

/** Seconds that each phase took, from its first event to its last. */
export const phaseSeconds = view(composePhaseSeconds);

function composePhaseSeconds(plan: Plan, events: readonly ApplyEvent[]): string {
  const located = locate(plan);
  const spans = new Map<string, { first: number; last: number }>();
  for (const event of events) {
    const phase =
      'phase' in event ? event.phase : 'step' in event ? located.get(event.step.id)?.phase.id : undefined;
    if (phase === undefined || event.type === 'skipped') continue;
    const span = spans.get(phase);
    if (span === undefined) spans.set(phase, { first: event.at, last: event.at });
    else span.last = event.at;
  }
  return plan.phases
    .flatMap(({ id }) => {
      const span = spans.get(id);
      return span === undefined ? [] : [`${id} ${((span.last - span.first) / 1000).toFixed(1)}`];
    })
    .join(', ');
}
