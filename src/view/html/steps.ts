import { isSerial } from '../../plan/steps.ts';
import { seconds, stepCount } from './numbers.ts';
import { blockHtml } from './block-html.ts';
import { groupBy } from '../group.ts';
import { hostList, hostRanges, hostsInShort } from '../host-list.ts';
import { html, type Html } from './html.ts';
import { countEndings, type Ending, type RunRecord } from './record.ts';
import { hostMark, rowsIn, type Row, type Section, type Side } from './rows.ts';

export const signs: Readonly<Record<Row['verb'], string>> = {
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

/** Diffs are initially open if there are at most this many. */
const openDiffs = 30;

const hasDiff = (row: Row): boolean => row.blocks.some(({ kind }) => kind === 'diff');

export interface StepsContext {
  /** Every host of the plan, in the order of the page's script. */
  readonly hosts: readonly string[];
  readonly record?: RunRecord;
}

/** All steps and gates, phase by phase; a row opens to show its details. */
export function stepsHtml(sections: readonly Section[], { hosts, record }: StepsContext): Html {
  const position = new Map(hosts.map((name, index) => [name, index]));
  const diffs = rowsIn(sections).filter(hasDiff).length;
  return html`${sections.map((section) => {
    const { phase, sides } = section;
    const id = `phase-${phase.id}`;
    return html`<section class="phase" aria-labelledby="${id}">
      <h3 id="${id}">
        <span class="swatch ${phase.stage}"></span
        >${phase.title}${phase.title === phase.id ? undefined : html` <small>${phase.id}</small>`}
      </h3>
      ${sides.map(
        (side) =>
          html`<div class="side">
            <h4>${sideTitle(section, side, hosts)}</h4>
            ${side.rows.map((row) => rowHtml(row, phase.id))}${side.rollbacks.map(rollbackHtml)}
          </div>`,
      )}
    </section>`;
  })}`;

  function rowHtml(row: Row, phase: string): Html {
    const endings = endingsOf(row);
    const open = endings?.has('failed') === true || (diffs <= openDiffs && hasDiff(row));
    const at = hostRanges(row.hosts, position);
    const inShort = hostsInShort(row.hosts, hosts);
    return html`<details
      class="row"
      id="${row.id}"
      data-verb="${verbsOf(row)}"
      data-phase="${phase}"
      ${at === '' ? undefined : html` data-hosts="${at}"`}${endings === undefined ? undefined : html` data-ending="${[...endings.keys()].join(' ')}"`}${open ? html` open` : undefined}
    >
      <summary>
        <span class="sign ${row.verb}" aria-hidden="true">${signs[row.verb]}</span
        ><span class="vh">${row.verb} </span><span class="kind">${row.kind} </span
        ><span class="what">${marked(row.name)}${reasonHtml(row)}</span
        ><span class="on">${inShort}${endings === undefined ? undefined : endingsHtml(endings, row)}</span>
      </summary>
      <div class="body">${bodyHtml(row)}</div>
    </details>`;
  }

  function endingsOf({ items }: Row): ReadonlyMap<Ending, number> | undefined {
    return (
      record &&
      countEndings(
        record,
        items.map(({ item }) => item),
      )
    );
  }

  /** A rollback of a failed task. */
  function rollbackHtml(row: Row): Html {
    const begun = row.items.filter(({ item }) => record?.outcomes.has(item.id));
    const endings = begun.length === 0 ? undefined : endingsOf({ ...row, items: begun });
    return html`<p class="rollback">
      <span
        >On failure: <span class="sign ${row.verb}" aria-hidden="true">${signs[row.verb]}</span
        ><span class="vh">${row.verb} </span>${row.kind} ${marked(row.name)}${reasonHtml(row)} </span
      ><span class="on">${hostsInShort(row.hosts, hosts)}${endings && endingsHtml(endings, row)}</span>
    </p>`;
  }

  function endingsHtml(endings: ReadonlyMap<Ending, number>, row: Row): Html {
    const total = [...endings.values()].reduce((sum, count) => sum + count, 0);
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
    const times = row.items.flatMap(({ item }) => record?.outcomes.get(item.id)?.seconds ?? []);
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
    const said = row.items.flatMap(({ item, subject }) => {
      const { ending, message, detail = '' } = record?.outcomes.get(item.id) ?? { ending: 'done' };
      return message === undefined ? [] : [{ host: subject, ending, message, detail: detail.trimEnd() }];
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

/** `create`, or for a row of several verbs all of them, separated by spaces. */
function verbsOf({ verb, items }: Row): string {
  const verbs = items.map(({ item }) => (item.type === 'wait' ? item.type : item.verb));
  return [...new Set([verb, ...verbs])].join(' ');
}

const isEtcd = ({ items }: Row): boolean => items.some(({ item }) => item.type === 'etcd');

function sideTitle({ phase, sides }: Section, { place, rows }: Side, hosts: readonly string[]): Html {
  const count = rows.reduce((sum, { items }) => sum + items.length, 0);
  const steps = html`<small>${stepCount(count)}</small>`;
  const serial = isSerial(phase) && sides.some((side) => side.place === 'hosts');
  switch (place) {
    case 'operator':
      return html`this machine ${steps}`;
    case 'cluster':
      return html`through the ${rows.some(isEtcd) ? 'APIs of Kubernetes and etcd' : 'Kubernetes API'} ${steps}`;
    case 'gates':
      return html`until healthy${serial ? ', before the next one starts' : undefined}
        <small>${count} to wait for</small>`;
    case 'hosts': {
      const names = [...new Set(rows.flatMap((row) => row.hosts))];
      const all = names.length === hosts.length && names.length > 1;
      return html`${all ? `all ${names.length} hosts` : hostList(names, hosts)}${serial && names.length > 1 ? ', one after another' : undefined}
      ${steps}`;
    }
  }
}

/** A reason that begins with the name does not need it again. */
function reasonHtml({ name, reason }: Row): Html | undefined {
  if (reason === '') return undefined;
  const rest = name !== '' && reason.startsWith(name) ? reason.slice(name.length).trim() : reason;
  return html` <span class="reason">${marked(rest)}</span>`;
}

/** The placeholder for each host's own name, styled differently from a name. */
function marked(text: string): Html {
  const parts = text.split(hostMark);
  return html`${parts.map((part, index) => (index === 0 ? html`${part}` : html`<i>host</i>${part}`))}`;
}
