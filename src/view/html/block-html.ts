import { hostRanges } from '../host-list.ts';
import { html, type Html } from './html.ts';
import { rowsIn, type Row, type Section } from './rows.ts';

/** One text of a row; if hosts differ, that of the first host, with a note. */
export function blockHtml(row: Row, { kind, title, forms }: Row['blocks'][number], index: number): Html {
  const varies = forms.others.length > 0;
  const count = forms.others.reduce((sum, { hosts }) => sum + hosts.length, 0);
  const note = varies
    ? html` <span class="form-note"
        >as on <span class="form-host">${row.hosts[0] ?? ''}</span>; ${count} other
        host${count === 1 ? ' has different lines' : 's have different lines'}</span
      >`
    : undefined;
  const text = html`<pre class="${kind}" ${varies ? html` data-forms="${row.id}.${index}"` : undefined}>
${kind === 'diff' ? forms.lines.map(diffLine) : varies ? forms.lines.map((line) => html`<span>${line}</span>`) : forms.lines.join('\n')}</pre>`;
  if (kind === 'script')
    return html`<details class="block">
      <summary>${title}</summary>
      ${note === undefined ? undefined : html`<p>${note}</p>`}${text}
    </details>`;
  return html`<div class="block">
    <p class="block-title">${title}${note}</p>
    ${text}
  </div>`;
}

function diffLine(line: string): Html {
  const kind = /^(---|\+\+\+) /.test(line)
    ? 'file'
    : line.startsWith('@@')
      ? 'at'
      : line.startsWith('+')
        ? 'add'
        : line.startsWith('-')
          ? 'del'
          : 'same';
  return html`<span class="${kind}">${line}</span>`;
}

/** The differences between hosts in the rows' texts, for the page's script: block → its other forms. */
export function formsData(
  sections: readonly Section[],
  hosts: readonly string[],
): Readonly<Record<string, unknown>> {
  const position = new Map(hosts.map((name, index) => [name, index]));
  const data: Record<string, unknown> = {};
  for (const row of rowsIn(sections))
    row.blocks.forEach(({ forms }, index) => {
      if (forms.others.length > 0)
        data[`${row.id}.${index}`] = forms.others.map(({ hosts: own, form }) => [
          hostRanges(own, position),
          form,
        ]);
    });
  return data;
}
