import type { Step } from '../../plan/types.ts';
import { subjectOf } from '../fold.ts';
import { seconds, stepCount } from './numbers.ts';
import { blockHtml } from './block-html.ts';
import { groupBy } from '../group.ts';
import { hostList, hostRanges, hostsInShort } from '../host-list.ts';
import { html, type Html } from './html.ts';
import { countEndings, type Ending, type RunRecord } from './record.ts';
import { hostMark, type Row, type Section } from './rows.ts';

export const signs: Readonly<Record<Step['verb'], string>> = {
  create: '+',
  update: '~',
  restart: '!',
  delete: '−',
  run: '$',
  wait: '…',
};

export const endingWords: Readonly<Record<Ending, string>> = {
  failed: 'failed',
  'cut-off': 'cut off',
  skipped: 'skipped',
  'not-reached': 'not reached',
  done: 'done',
};

/** Diffs are open from the start where there are no more of them than this. */
const openDiffs = 30;

const hasDiff = (row: Row): boolean => row.blocks.some(({ kind }) => kind === 'diff');

export interface StepsContext {
  /** Every host of the plan, in order; the page's script counts them so. */
  readonly hosts: readonly string[];
  readonly record?: RunRecord;
}

/** All steps, stage by stage; a row opens to what it holds. */
export function stepsHtml(sections: readonly Section[], { hosts, record }: StepsContext): Html {
  const position = new Map(hosts.map((name, index) => [name, index]));
  const diffs = sections.flatMap(({ rows }) => rows).filter(hasDiff).length;
  const stagesSeen = [...new Set(sections.map(({ stage }) => stage))];
  return html`${stagesSeen.map((stage) => {
    const own = sections.filter((section) => section.stage === stage);
    const id = `stage-${stage ?? 'before'}`;
    return html`<section class="stage" aria-labelledby="${id}">
      <h3 id="${id}"><span class="swatch ${stage ?? 'before'}"></span>${stage ?? 'before'}</h3>
      ${own.map(
        (section) =>
          html`<div class="side">
            <h4>${sideTitle(section, hosts)}</h4>
            ${section.rows.map((row) => rowHtml(row, stage ?? 'before'))}
          </div>`,
      )}
    </section>`;
  })}`;

  function rowHtml(row: Row, stage: string): Html {
    const endings = record === undefined ? undefined : countEndings(record, row.steps);
    const open = endings?.has('failed') === true || (diffs <= openDiffs && hasDiff(row));
    const at = hostRanges(row.hosts, position);
    const inShort = hostsInShort(row.hosts, hosts);
    return html`<details
      class="row"
      id="${row.id}"
      data-verb="${verbsOf(row)}"
      data-stage="${stage}"
      ${at === '' ? undefined : html` data-hosts="${at}"`}${endings === undefined ? undefined : html` data-ending="${[...endings.keys()].join(' ')}"`}${open ? html` open` : undefined}
    >
      <summary>
        <span class="sign ${row.verb}" aria-hidden="true">${signs[row.verb]}</span
        ><span class="vh">${row.verb} </span><span class="kind">${camelBreaks(row.kind)} </span
        ><span class="what">${marked(row.name)}${reasonHtml(row)}</span
        ><span class="on">${inShort}${endings === undefined ? undefined : endingsHtml(endings, row)}</span>
      </summary>
      <div class="body">${bodyHtml(row)}</div>
    </details>`;
  }

  function endingsHtml(endings: ReadonlyMap<Ending, number>, row: Row): Html {
    const total = row.steps.length;
    const words = (Object.keys(endingWords) as Ending[]).flatMap((ending) => {
      const count = endings.get(ending) ?? 0;
      if (count === 0) return [];
      const number = total === 1 || count === total ? '' : `${count} `;
      return [
        html`<span class="ending ${ending}"
          >${number}${endingWords[ending]}${ending === 'done' ? ` ${spanOf(row)}` : ''}</span
        >`,
      ];
    });
    return html`<span class="endings">${words}</span>`;
  }

  function spanOf(row: Row): string {
    const times = row.steps.flatMap(({ id }) => record?.outcomes.get(id)?.seconds ?? []);
    if (times.length === 0) return '';
    const [low, high] = [seconds(Math.min(...times)), seconds(Math.max(...times))];
    return low === high ? high : `≤ ${high}`;
  }

  function bodyHtml(row: Row): Html {
    const full = hostList(row.hosts, hosts);
    const inShort = hostsInShort(row.hosts, hosts);
    const list =
      inShort !== full && inShort !== `all ${hosts.length} hosts`
        ? html`<p class="hosts"><b>Hosts</b> ${full}</p>`
        : undefined;
    return html`${saidHtml(row)}${list}${row.parts.length > 0 ? partsHtml(row.parts) : undefined}${row.blocks.map((block, index) => blockHtml(row, block, index))}`;
  }

  function saidHtml(row: Row): readonly Html[] {
    const said = row.steps.flatMap((step) => {
      const { ending, message, detail = '' } = record?.outcomes.get(step.id) ?? { ending: 'done' };
      return message === undefined
        ? []
        : [{ host: subjectOf(step), ending, message, detail: detail.trimEnd() }];
    });
    const groups = groupBy(said, ({ ending, message, detail }) => JSON.stringify([ending, message, detail]));
    return groups.map((group) => {
      const [{ ending, message, detail }] = group;
      const names = group.flatMap(({ host }) => host ?? []);
      const who = names.length === 0 ? '' : `${hostList(names, hosts)}: `;
      return html`<div class="said ${ending}">
        <p>${who}${message}</p>
        ${detail === '' ? undefined : html`<pre>${detail}</pre>`}
      </div>`;
    });
  }

  function partsHtml(parts: readonly Row[]): Html {
    return html`<table class="parts">
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col">What</th>
          <th scope="col">Hosts</th>
        </tr>
      </thead>
      <tbody>
        ${parts.map(
          (part) =>
            html`<tr>
              <td>
                <span class="sign ${part.verb}" aria-hidden="true">${signs[part.verb]}</span
                ><span class="vh">${part.verb} </span>${part.name}
              </td>
              <td>${marked(part.reason)}</td>
              <td>${hostsInShort(part.hosts, hosts)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}

/** `create`, or for a row of several verbs all of them, blank between. */
function verbsOf(row: Row): string {
  return [...new Set([row.verb, ...row.steps.map(({ verb }) => verb)])].join(' ');
}

function sideTitle({ side, rows }: Section, hosts: readonly string[]): Html {
  if (side === 'operator') return html`this machine`;
  const steps = stepCount(rows.reduce((sum, row) => sum + row.steps.length, 0));
  if (side === 'cluster') return html`through the Kubernetes API <small>${steps}</small>`;
  const names = [...new Set(rows.flatMap((row) => row.hosts))];
  const where =
    names.length === hosts.length && names.length > 1 ? `all ${names.length} hosts` : hostList(names, hosts);
  if (side === 'members') return html`members, first of all <small>${steps}</small>`;
  if (side === 'turns')
    return html`before the next host’s turn, of ${hostList(names, hosts)} <small>${steps}</small>`;
  return html`${where} <small>${steps}</small>`;
}

/** A reason that begins with the name says it already. */
function reasonHtml({ name, reason }: Row): Html | undefined {
  if (reason === '') return undefined;
  const rest = name !== '' && reason.startsWith(name) ? reason.slice(name.length).trim() : reason;
  return html` <span class="reason">${marked(rest)}</span>`;
}

/** The mark for each host's own name, told apart from a name. */
function marked(text: string): Html {
  const parts = text.split(hostMark);
  return html`${parts.map((part, index) => (index === 0 ? html`${part}` : html`<i>host</i>${part}`))}`;
}

/** Long names of kinds may break between their words. */
function camelBreaks(kind: string): Html {
  return html`${kind.split(/(?<=[a-z])(?=[A-Z])/).map((word, index) => (index === 0 ? html`${word}` : html`<wbr />${word}`))}`;
}
