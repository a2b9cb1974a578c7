import { html, type Html, type Part } from './html.ts';

/** Attributes of an element; numbers are rounded to tenths. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element. */
export function element(
  name: 'g' | 'rect' | 'path' | 'line' | 'circle' | 'text' | 'title',
  attributes: Attributes,
  ...inside: readonly Part[]
): Html {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [html` ${key}="${typeof value === 'number' ? Math.round(value * 10) / 10 : value}"`],
  );
  return html`<${name}${list}>${inside}</${name}>`;
}

/** A rectangle with rounded corners. */
export function box(
  x: number,
  y: number,
  width: number,
  height: number,
  className: string,
  ...inside: readonly Part[]
): Html {
  return element('rect', { x, y, width, height, rx: 5, class: className }, ...inside);
}

/** Text with its baseline at `y`, truncated to `width`. */
export function label(
  x: number,
  y: number,
  text: string,
  className: string,
  width = Infinity,
  anchor?: 'middle' | 'end',
): Html {
  return element(
    'text',
    { x, y, class: className, 'text-anchor': anchor },
    clip(text, width, className.includes('mono') ? monoChar : sansChar),
  );
}

/** Widths of a character in the drawings, at least those of common fonts at 12.5 units. */
export const monoChar = 7.6;
export const sansChar = 7;

function clip(text: string, width: number, char: number): string {
  const most = Math.floor(width / char);
  const all = Array.from(text);
  return all.length <= most ? text : `${all.slice(0, Math.max(1, most - 1)).join('')}…`;
}

/** A drawing of the given size that scales down; `description` has it in words. */
export function drawing(
  id: string,
  size: { width: number; height: number },
  title: string,
  description: string,
  inside: Part,
): Html {
  return html`<svg
    class="drawing"
    viewBox="0 0 ${size.width} ${Math.ceil(size.height)}"
    role="img"
    aria-labelledby="${id}-title"
    aria-describedby="${id}-text"
  >
    <title id="${id}-title">${title}</title>
    <desc id="${id}-text">${description}</desc>
    ${inside}
  </svg>`;
}
