import { gatesOf, stepsOf } from '../../plan/steps.ts';
import type { Plan } from '../../plan/types.ts';
import { verbCounts } from '../plan-facts.ts';
import type { HostView } from './hosts.ts';
import { html, type Html } from './html.ts';
import { countEndings, type Ending, type RunRecord } from './record.ts';
import { endingWords } from './steps.ts';

/** Filters of the steps; the page's script shows them, because they need it. */
export function filtersHtml(plan: Plan, hosts: readonly HostView[], record: RunRecord | undefined): Html {
  const steps = stepsOf(plan);
  const gates = gatesOf(plan);
  const verbs = [...verbCounts(steps).map(([verb]) => verb), ...(gates.length > 0 ? ['wait'] : [])];
  const endings = record === undefined ? undefined : countEndings(record, [...steps, ...gates]);
  const kinds = (Object.keys(endingWords) as Ending[]).filter((ending) => endings?.has(ending));
  return html`<form id="filters" role="search" aria-label="Filter the steps" hidden>
    <label class="grow"
      >Search<input
        type="search"
        name="text"
        autocomplete="off"
        spellcheck="false"
        placeholder="path, package, text of a diff"
    /></label>
    ${select(
      'Host',
      'host',
      'any',
      hosts.map(({ name }, index) => [String(index), name]),
    )}
    ${select(
      'Phase',
      'phase',
      'any',
      plan.phases.map(({ id }) => [id, id]),
    )}
    ${select(
      'Verb',
      'verb',
      'any',
      verbs.map((verb) => [verb, verb]),
    )}
    ${
      kinds.length > 0
        ? select(
            'Ended',
            'ending',
            'any result',
            kinds.map((kind) => [kind, endingWords[kind]]),
          )
        : undefined
    }
    <button type="reset">Clear</button>
    <p class="shown">
      <output aria-live="polite"></output><button type="button" data-open="true">Open all</button
      ><button type="button" data-open="false">Close all</button>
    </p>
  </form>`;
}

function select(
  title: string,
  name: string,
  any: string,
  options: readonly (readonly [string, string])[],
): Html {
  return html`<label
    >${title}<select name="${name}">
      <option value="">${any}</option>
      ${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}
    </select></label
  >`;
}
