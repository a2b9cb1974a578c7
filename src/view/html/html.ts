import { visible, visibleJson } from '../../model/visible.ts';

/** Markup that is safe to put into a page. Only `html` and `markup` make it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | string | number | undefined | readonly Part[];

/** A template that escapes every part except Html; undefined is empty, a list is its members. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let out = strings[0] ?? '';
  for (const [index, part] of parts.entries()) out += textOf(part) + (strings[index + 1] ?? '');
  return new Html(out);
}

/** Uses text as markup without escaping: for kboot's own style and script, never for data. */
export function markup(text: string): Html {
  return new Html(text);
}

/** Data as JSON that cannot end its script element in HTML. */
export function jsonMarkup(data: unknown): Html {
  return new Html(visibleJson(data).replaceAll('<', '\\u003c'));
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escape(part);
  return part.map(textOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for any part of the page, including quoted attributes; deceptive characters are made visible. */
export function escape(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => entities[char] ?? '');
}
