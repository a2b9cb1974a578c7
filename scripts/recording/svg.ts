import type { Frame, Row, Run } from './screen.ts';

/** Sizes in pixels of a monospaced font. */
const [fontSize, advance, lineHeight, margin] = [14, 8.43, 19, 16];

/** Colours of a terminal's palette, 0 to 15, on a light and on a dark ground: each readable there. */
const palette = {
  light: [
    ...['#1f2328', '#b3261e', '#1a7f37', '#8a5a00', '#0957c3', '#7f3bb5', '#0a6c74', '#57606a'],
    ...['#57606a', '#b3261e', '#1a7f37', '#8a5a00', '#0957c3', '#7f3bb5', '#0a6c74', '#1f2328'],
  ],
  dark: [
    ...['#768390', '#ff8a80', '#57d377', '#e3b341', '#79b8ff', '#d2a8ff', '#56d4dd', '#c9d1d9'],
    ...['#8b949e', '#ff8a80', '#57d377', '#e3b341', '#79b8ff', '#d2a8ff', '#56d4dd', '#ffffff'],
  ],
};

/** What an animation says about itself, and how long its last screen stays. */
export interface Caption {
  readonly columns: number;
  readonly rows: number;
  readonly title: string;
  readonly description: string;
  /** Seconds. */
  readonly rest: number;
}

/**
 * Frames as one SVG that plays in a loop, in light and dark, without scripts or other files. A line that several frames
 * show is in it once. Where people prefer reduced motion, it shows its last frame.
 */
export function animation(frames: readonly Frame[], caption: Caption): string {
  const [width, height] = [
    Math.ceil(caption.columns * advance) + 2 * margin,
    caption.rows * lineHeight + 2 * margin,
  ];
  const lines = new Map<string, string>();
  const film = frames.map(({ rows }, index) => {
    const used = rows.flatMap((row, number) => {
      if (row.length === 0) return [];
      const text = lineText(row);
      const id = lines.get(text) ?? `l${lines.size.toString(36)}`;
      lines.set(text, id);
      return [`<use href="#${id}" y="${number * lineHeight}"/>`];
    });
    return `<g transform="translate(${index * width})">${used.join('')}</g>`;
  });
  const defined = [...lines].map(([text, id]) => `<text id="${id}">${text}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${escaped(caption.title)}</title>
<desc id="d">${escaped(caption.description)}</desc>
<style>${style(frames, width, caption.rest)}</style>
<defs>${defined.join('\n')}</defs>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<svg x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}"><g class="film">
${film.join('\n')}
</g></svg>
</svg>
`;
}

function style(frames: readonly Frame[], width: number, rest: number): string {
  const begin = frames[0]?.seconds ?? 0;
  const total = (frames.at(-1)?.seconds ?? 0) - begin + rest;
  const stops = frames.map(({ seconds }, index) => {
    const percent = Number((((seconds - begin) / total) * 100).toFixed(2));
    return `${percent}%{transform:translateX(${-index * width}px)}`;
  });
  const last = -(frames.length - 1) * width;
  const colours = (of: readonly string[]): string =>
    of.map((colour, index) => `.c${index}{fill:${colour}}`).join('');
  return [
    `text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;white-space:pre;dominant-baseline:text-before-edge}`,
    '.ground{fill:#f6f8fa;stroke:#d0d7de}.b{font-weight:bold}.d{opacity:.7}',
    colours(palette.light),
    `.film{animation:film ${total.toFixed(2)}s steps(1,end) infinite}`,
    `@keyframes film{${stops.join('')}100%{transform:translateX(${last}px)}}`,
    `@media (prefers-color-scheme:dark){text{fill:#c9d1d9}.ground{fill:#0d1117;stroke:#30363d}${colours(palette.dark)}}`,
    `@media (prefers-reduced-motion:reduce){.film{animation:none;transform:translateX(${last}px)}}`,
  ].join('\n');
}

function lineText(row: Row): string {
  return row.map(runText).join('');
}

function runText({ text, colour, bold, dim }: Run): string {
  const classes = [
    ...(colour === undefined ? [] : [`c${colour}`]),
    ...(bold === undefined ? [] : ['b']),
    ...(dim === undefined ? [] : ['d']),
  ];
  return classes.length === 0
    ? escaped(text)
    : `<tspan class="${classes.join(' ')}">${escaped(text)}</tspan>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
