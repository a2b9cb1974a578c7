import { describe, expect, it } from 'vitest';
import { formatCast, paced, parseCast, type Cast, type CastEvent } from '../../scripts/recording/cast.ts';
import { framesOf, type Frame } from '../../scripts/recording/screen.ts';
import { animation } from '../../scripts/recording/svg.ts';

const out = (seconds: number, data: string): CastEvent => ({ seconds, kind: 'output', data });
const mark = (seconds: number, data: string): CastEvent => ({ seconds, kind: 'mark', data });
const cast = (...events: readonly CastEvent[]): Cast => ({ columns: 20, rows: 3, title: 'a title', events });

describe('an asciicast', () => {
  it('is read as it was written', () => {
    const recording = cast(out(0.5, '\u001b[1m$\u001b[22m é\r\n'), mark(1, 'lapse'), out(2.25, 'done'));
    const text = formatCast(recording);
    expect(text.split('\n').slice(0, 2)).toEqual([
      '{"version":2,"width":20,"height":3,"title":"a title"}',
      '[0.5,"o","\\u001b[1m$\\u001b[22m é\\r\\n"]',
    ]);
    expect(parseCast(text)).toEqual(recording);
    expect(() => parseCast('{"version":3}')).toThrow('version 2');
  });
});

describe('the pace of a recording', () => {
  const times = (recording: Cast): readonly number[] =>
    paced(recording, { idle: 2, lapse: 10 }).events.map(({ seconds }) => Number(seconds.toFixed(3)));

  it('shortens what lasts longer than anybody reads', () => {
    expect(times(cast(out(1, 'a'), out(31, 'b'), out(32, 'c')))).toEqual([1, 3, 4]);
  });

  it('fits the parts that nobody watches in full into their time, and leaves the rest', () => {
    const recording = cast(
      out(1, 'a'),
      mark(2, 'lapse'),
      out(52, 'b'),
      out(101, 'c'),
      mark(102, 'live'),
      out(103, 'd'),
    );
    expect(times(recording)).toEqual([1, 7, 11.9, 13]);
  });

  it('never slows one down', () => {
    expect(times(cast(mark(0, 'lapse'), out(3, 'a'), mark(4, 'live'), out(5, 'b')))).toEqual([3, 5]);
  });
});

describe('the screens of a recording', () => {
  it('change while output never pauses', async () => {
    const events = Array.from({ length: 40 }, (_, index) => out(index * 0.05, `\r${index}`));
    const frames = await framesOf(cast(...events), 0.25);
    expect(frames.length).toBeGreaterThan(4);
    const seconds = frames.map((frame) => frame.seconds);
    expect(seconds.slice(1).every((each, index) => each - (seconds[index] ?? 0) >= 0.25)).toBe(true);
  });

  it('are what a terminal shows: colours, moves of the cursor, lines that are drawn again', async () => {
    const frames = await framesOf(
      cast(
        out(0, '\u001b[1;32mok\u001b[0m x\r\n'),
        out(1, 'working 1\r'),
        out(2, '\u001b[2Kready \u001b[2mnow\u001b[0m   '),
      ),
      0.1,
    );
    expect(frames).toEqual([
      { seconds: 0, rows: [[{ text: 'ok', colour: 2, bold: true }, { text: ' x' }], [], []] },
      {
        seconds: 1,
        rows: [[{ text: 'ok', colour: 2, bold: true }, { text: ' x' }], [{ text: 'working 1' }], []],
      },
      {
        seconds: 2,
        rows: [
          [{ text: 'ok', colour: 2, bold: true }, { text: ' x' }],
          [{ text: 'ready ' }, { text: 'now', dim: true }],
          [],
        ],
      },
    ]);
  });

  it('are at most so many a second, the last of them always, and none twice', async () => {
    const typed = Array.from({ length: 50 }, (_, index) => out(index / 100, 'x'.repeat(1)));
    const frames = await framesOf(cast(...typed, out(0.6, '\u001b[0m')), 0.25);
    expect(frames.length).toBeLessThanOrEqual(4);
    expect(
      frames
        .at(-1)
        ?.rows.flat()
        .map(({ text }) => text.length),
    ).toEqual([20, 20, 10]);
    const gaps = frames.slice(1).map(({ seconds }, index) => seconds - (frames[index]?.seconds ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.25);
  });
});

describe('the animation', () => {
  const frames: readonly Frame[] = [
    { seconds: 1, rows: [[{ text: '$ kboot <a> & b' }], []] },
    {
      seconds: 2,
      rows: [
        [{ text: '$ kboot <a> & b' }],
        [
          { text: '+', colour: 2 },
          { text: ' file', bold: true, dim: true },
        ],
      ],
    },
    { seconds: 5, rows: [[{ text: '$ kboot <a> & b' }], []] },
  ];
  const svg = animation(frames, { columns: 20, rows: 2, title: 'up', description: 'a <run>', rest: 4 });

  it('has each line once, escaped, and says of each frame which lines it shows', () => {
    expect(svg.match(/<text id=/g)).toHaveLength(2);
    expect(svg).toContain('<text id="l0">$ kboot &lt;a&gt; &amp; b</text>');
    expect(svg).toContain('<text id="l1"><tspan class="c2">+</tspan><tspan class="b d"> file</tspan></text>');
    expect(svg.match(/<use href="#l0" y="0"\/>/g)).toHaveLength(3);
    expect(svg.match(/<use href="#l1" y="19"\/>/g)).toHaveLength(1);
    expect(svg).toContain('<desc id="d">a &lt;run&gt;</desc>');
  });

  it('shows each frame for its time and rests on the last one', () => {
    expect(svg).toContain('animation:film 8.00s steps(1,end) infinite');
    const stops = [...svg.matchAll(/([\d.]+)%\{transform:translateX\((-?\d+)px\)\}/g)].map(
      ([, percent, x]) => [Number(percent), Number(x)],
    );
    const width = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1]);
    expect(stops).toEqual([
      [0, 0],
      [12.5, -width],
      [50, -2 * width],
      [100, -2 * width],
    ]);
    expect(svg).toContain(
      `@media (prefers-reduced-motion:reduce){.film{animation:none;transform:translateX(${-2 * width}px)}}`,
    );
  });

  it('needs nothing else: no script, no address but that of SVG itself', () => {
    expect(svg).not.toContain('<script');
    expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(['http://www.w3.org/2000/svg']);
  });
});
