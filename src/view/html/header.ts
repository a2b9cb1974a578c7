import { errorCodes } from '../../model/error.ts';
import { stepsOf } from '../../plan/types.ts';
import { disruption, offlineNote, roleCounts, verbCounts } from '../plan-facts.ts';
import { count, seconds, stepCount } from './numbers.ts';
import { groupBy } from './group.ts';
import { hostList } from './host-list.ts';
import { html, type Html } from './html.ts';
import type { PageInput, PageRun } from './input.ts';
import { countEndings, type RunRecord } from './record.ts';
import type { Section } from './rows.ts';
import { signs } from './steps.ts';

/** What the page is about, and the sentence that a reader looks for first. */
export function headerHtml(
  input: PageInput,
  record: RunRecord | undefined,
  sections: readonly Section[],
): Html {
  const { plan, run } = input;
  const facts: (readonly [string, string])[] = [
    ['Kubernetes', plan.kubernetesVersion],
    ['API endpoint', plan.endpoint],
    ['Hosts', roleCounts(plan).join(', ')],
    ['Compared', `${count(plan.checked)} resources`],
  ];
  const steps = stepsOf(plan);
  return html`<header>
    <p class="eyebrow">
      kboot ${run === undefined ? (plan.basis === 'offline' ? 'plan, offline' : 'plan') : 'report'}
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
      steps.length === 0
        ? undefined
        : html`<ul class="verbs">
            ${verbCounts(steps).map(
              ([verb, number]) =>
                html`<li>
                  <span class="sign ${verb}" aria-hidden="true">${signs[verb]}</span
                  ><b>${count(number)}</b> ${verb === 'wait' ? 'to wait for' : `to ${verb}`}
                </li>`,
            )}
          </ul>`
    }
    ${warningsHtml(input)}${run === undefined ? undefined : failuresHtml(input, run, sections)}
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

function planVerdict({ plan, command }: PageInput): Html {
  const steps = stepsOf(plan);
  const read = plan.hosts.filter(({ state }) => state !== 'unreachable').length;
  const what =
    steps.length === 0
      ? plan.issue.length > 0
        ? `${plan.issue.length} certificates and keys to issue, no step on a host.`
        : read === 0
          ? 'No host could be read.'
          : 'Nothing to do.'
      : `${stepCount(steps.length)} on ${count(read)} hosts.`;
  const goOn =
    steps.length === 0 || command === undefined ? undefined : html` <code>${command}</code> does this.`;
  return html`<div class="verdict plan">
    <p class="lead">Nothing has been changed. ${what}</p>
    <p>
      ${steps.length === 0 ? undefined : disruption(plan)}${goOn}${plan.basis === 'offline' ? ` ${offlineNote}` : ''}
    </p>
  </div>`;
}

function runVerdict({ plan, command }: PageInput, run: PageRun, record: RunRecord): Html {
  const steps = stepsOf(plan);
  const counts = countEndings(record, steps);
  const done = counts.get('done') ?? 0;
  const went = `${count(done)} of ${stepCount(steps.length)} done in ${seconds(run.seconds)}`;
  const others = (['skipped', 'cut-off', 'not-reached'] as const).flatMap((ending) => {
    const number = counts.get(ending) ?? 0;
    const words = { skipped: 'skipped', 'cut-off': 'cut off', 'not-reached': 'not reached' }[ending];
    return number === 0 ? [] : [`${count(number)} ${words}`];
  });
  const held =
    run.held.length === 0 ? '' : `Left alone, since hosts go one after another: ${run.held.join(', ')}. `;
  const rest = others.length === 0 ? '' : ` ${others.join(', ')}.`;
  const again = command === undefined ? undefined : html` <code>${command}</code> goes on where this ended.`;
  if (steps.length === 0)
    return html`<div class="verdict done"><p class="lead">Nothing to do: nothing has been changed.</p></div>`;
  const lost = [...new Set(run.failures.map(({ host }) => host ?? 'the cluster'))];
  const where = lost.length > 6 ? `${count(lost.length)} hosts` : lost.join(', ');
  const [state, lead] = run.interrupted
    ? ['failed', `Interrupted: ${went}.`]
    : lost.length > 0
      ? ['failed', `Failed on ${where}: ${went}.`]
      : ['done', `Done: ${went}.`];
  return html`<div class="verdict ${state}">
    <p class="lead">${lead}</p>
    <p>${held}${rest}${state === 'done' ? undefined : again}</p>
  </div>`;
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
    <h2 id="warnings">${items.length} warning${items.length === 1 ? '' : 's'}</h2>
    <ul>
      ${items.map((item) => html`<li>${item}</li>`)}
    </ul>
  </section>`;
}

/** Failures, equal ones of several hosts in one. */
function failuresHtml(
  { plan }: PageInput,
  { failures }: PageRun,
  sections: readonly Section[],
): Html | undefined {
  if (failures.length === 0) return undefined;
  const rows = sections.flatMap((section) => section.rows);
  const all = plan.hosts.map(({ name }) => name);
  const groups = groupBy(failures, ({ error: { code, message, context } }) =>
    JSON.stringify([code, message, context.step, context.detail, context.remedy]),
  );
  return html`<section class="failures" aria-labelledby="failures">
    <h2 id="failures">What failed</h2>
    ${groups.map((group) => {
      const [{ host, error }] = group;
      const { step, detail = '', remedy } = error.context;
      const row = rows.find(({ steps }) =>
        steps.some((each) => each.resource === step && (!('host' in each) || each.host === host)),
      );
      const hosts = group.flatMap((each) => each.host ?? []);
      const where = [hosts.length === 0 ? undefined : hostList(hosts, all), step]
        .filter((word) => word !== undefined)
        .join(': ');
      const lines = detail.trimEnd().split('\n').slice(-20).join('\n');
      return html`<article>
        <h3>${row === undefined ? where : html`<a href="#${row.id}">${where}</a>`}</h3>
        <p>${error.message}</p>
        ${lines === '' ? undefined : html`<pre>${lines}</pre>`}${remedy === undefined ? undefined : html`<p>${remedy}</p>`}
        <p class="code">${error.code}: ${errorCodes[error.code].title}</p>
      </article>`;
    })}
  </section>`;
}
