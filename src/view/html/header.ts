import { plural } from '../../model/plural.ts';
import { errorCodes } from '../../model/error.ts';
import { impactText } from '../../model/impact.ts';
import { gatesOf, stepsOf } from '../../plan/steps.ts';
import type { Plan } from '../../plan/types.ts';
import { fieldChangeText } from '../inventory-changes.ts';
import { fromText, roleCounts, verbCounts } from '../plan-facts.ts';
import { detailLines } from '../detail-lines.ts';
import { count } from './numbers.ts';
import { groupBy } from '../group.ts';
import { hostList } from '../host-list.ts';
import { html, type Html } from './html.ts';
import type { PageInput, PageRun } from './input.ts';
import type { RunRecord } from './record.ts';
import { rowsIn, type Section } from './rows.ts';
import { signs } from './steps.ts';
import { planVerdict, runVerdict } from './verdict.ts';

/** The subject of the page, and its most important sentence. */
export function headerHtml(
  input: PageInput,
  record: RunRecord | undefined,
  sections: readonly Section[],
): Html {
  const { plan, run } = input;
  const facts: (readonly [string, string])[] = [
    ['Kubernetes', plan.kubernetesVersion],
    ['API endpoint', plan.endpoint],
    ['Hosts', `${roleCounts(plan).join(', ')}${fromText(plan)}`],
    ['Compared', `${count(plan.checked)} resources`],
  ];
  const gates = gatesOf(plan).length;
  const verbs: readonly (readonly [keyof typeof signs, number])[] = [
    ...verbCounts(stepsOf(plan)),
    ...(gates === 0 ? [] : [['wait', gates] as const]),
  ];
  return html`<header>
    <p class="eyebrow">
      kboot ${run === undefined ? (plan.mode === 'offline' ? 'plan, offline' : 'plan') : 'report'}
      <time datetime="${input.at.toISOString()}">${when(input.at)}</time>
    </p>
    <h1>${plan.cluster}</h1>
    <dl class="facts">
      ${facts.map(
        ([term, text]) =>
          html`<div>
            <dt>${term}</dt>
            <dd>${text}</dd>
          </div>`,
      )}
    </dl>
    ${run === undefined || record === undefined ? planVerdict(input) : runVerdict(input, run, record)}
    ${
      verbs.length === 0
        ? undefined
        : html`<ul class="verbs">
            ${verbs.map(
              ([verb, number]) =>
                html`<li>
                  <span class="sign ${verb}" aria-hidden="true">${signs[verb]}</span
                  ><b>${count(number)}</b> ${verb === 'wait' ? 'to wait for' : `to ${verb}`}
                </li>`,
            )}
          </ul>`
    }
    ${warningsHtml(input)}${changesHtml(plan)}${run === undefined ? undefined : failuresHtml(input, run, sections)}
  </header>`;
}

/** `20 November 2026, 13:15 UTC` */
function when(at: Date): string {
  const day = at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return `${day}, ${at.toISOString().slice(11, 16)} UTC`;
}

function warningsHtml({
  plan,
  findings = [],
  unread = new Map<string, Error>(),
}: PageInput): Html | undefined {
  const items = [
    ...[...unread].map(([host, error]) => html`<b>${host}</b> could not be read: ${error.message}`),
    ...findings.map(
      ({ host, message, remedy, check }) =>
        html`<b>${host}</b> ${message}. ${remedy} <small>${check}</small>`,
    ),
    ...plan.warnings.map((warning) => html`${warning}`),
  ];
  if (items.length === 0) return undefined;
  return html`<section class="warnings" aria-labelledby="warnings">
    <h2 id="warnings">${plural(items.length, 'warning')}</h2>
    <ul>
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>
  </section>`;
}

/** What differs from the inventory that was last applied, and what each field does. */
function changesHtml({ inventoryChanges = [] }: Plan): Html | undefined {
  if (inventoryChanges.length === 0) return undefined;
  return html`<section class="changes" aria-labelledby="inventory-changes">
    <h2 id="inventory-changes">${plural(inventoryChanges.length, 'changed field')} of the inventory</h2>
    <ul>
      ${inventoryChanges.map(
        (change) => html`<li><code>${fieldChangeText(change)}</code> ${impactText(change.impact)}</li>`,
      )}
    </ul>
  </section>`;
}

/** Failures; equal ones of several hosts are combined. */
function failuresHtml(
  { plan }: PageInput,
  { failures }: PageRun,
  sections: readonly Section[],
): Html | undefined {
  if (failures.length === 0) return undefined;
  const rowOf = new Map(rowsIn(sections).flatMap((row) => row.items.map(({ item }) => [item.id, row.id])));
  const all = plan.hosts.map(({ name }) => name);
  const groups = groupBy(failures, ({ stepId = '', error: { code, message, context } }) =>
    JSON.stringify([rowOf.get(stepId), code, message, context.step, context.detail, context.remedy]),
  );
  return html`<section class="failures" aria-labelledby="failures">
    <h2 id="failures">Failures</h2>
    ${groups.map((group) => {
      const [{ stepId = '', error }] = group;
      const { step, remedy } = error.context;
      const row = rowOf.get(stepId);
      const hosts = group.flatMap((each) => each.host ?? []);
      const where = [hosts.length === 0 ? undefined : hostList(hosts, all), step]
        .filter((word) => word !== undefined)
        .join(': ');
      const lines = detailLines(error).join('\n');
      return html`<article>
        <h3>${row === undefined ? where : html`<a href="#${row}">${where}</a>`}</h3>
        <p>${error.message}</p>
        ${lines === '' ? undefined : html`<pre>${lines}</pre>`}${remedy === undefined ? undefined : html`<p>${remedy}</p>`}
        <p class="code">${error.code}: ${errorCodes[error.code].title}</p>
      </article>`;
    })}
  </section>`;
}
