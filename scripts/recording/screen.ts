import xterm, { type IBufferCell } from '@xterm/headless';
import type { Cast } from './cast.ts';

/** Text of one look: a colour of the terminal's palette (0 to 15), bold, dim. */
export interface Run {
  readonly text: string;
  readonly colour?: number;
  readonly bold?: true;
  readonly dim?: true;
}

/** One line of a screen, without blanks at its end. */
export type Row = readonly Run[];

/** What the terminal shows from `seconds` on. */
export interface Frame {
  readonly seconds: number;
  readonly rows: readonly Row[];
}

/** The screens of a recording, each different from the one before it, at least `interval` seconds apart. */
export async function framesOf(cast: Cast, interval: number): Promise<readonly Frame[]> {
  const terminal = new xterm.Terminal({
    cols: cast.columns,
    rows: cast.rows,
    allowProposedApi: true,
    scrollback: 0,
  });
  const frames: Frame[] = [];
  let shown = '';
  const look = (seconds: number): void => {
    const rows = screenOf(terminal);
    const text = JSON.stringify(rows);
    if (text !== shown) frames.push({ seconds, rows });
    shown = text;
  };
  let due = 0;
  for (const [index, { seconds, data }] of cast.events.entries()) {
    await new Promise<void>((resolve) => {
      terminal.write(data, resolve);
    });
    const next = cast.events[index + 1]?.seconds ?? Infinity;
    const slot = Math.max(due, seconds);
    // Output that follows before this slot is over belongs to the same screen, unless it never ends.
    if (next < slot + interval / 2 && seconds < due + interval / 2) continue;
    look(slot);
    due = slot + interval;
  }
  terminal.dispose();
  return frames;
}

function screenOf(terminal: xterm.Terminal): readonly Row[] {
  const buffer = terminal.buffer.active;
  return Array.from({ length: terminal.rows }, (_, row) => {
    const line = buffer.getLine(buffer.baseY + row);
    const cells = Array.from({ length: line?.length ?? 0 }, (_, column) => line?.getCell(column));
    return rowOf(cells.filter((cell) => cell !== undefined));
  });
}

function rowOf(cells: readonly IBufferCell[]): Row {
  const runs: Run[] = [];
  // A cell behind a wide character has no width.
  for (const cell of cells.filter((each) => each.getWidth() > 0)) {
    const run = runOf(cell);
    const last = runs.at(-1);
    if (last !== undefined && sameLook(last, run))
      runs[runs.length - 1] = { ...last, text: last.text + run.text };
    else runs.push(run);
  }
  const last = runs.at(-1);
  if (last === undefined) return [];
  const text = last.text.trimEnd();
  return text === '' ? runs.slice(0, -1) : [...runs.slice(0, -1), { ...last, text }];
}

function runOf(cell: IBufferCell): Run {
  const colour = cell.isFgPalette() && cell.getFgColor() < 16 ? cell.getFgColor() : undefined;
  return {
    text: cell.getChars() || ' ',
    ...(colour === undefined ? {} : { colour }),
    ...(cell.isBold() === 0 ? {} : { bold: true }),
    ...(cell.isDim() === 0 ? {} : { dim: true }),
  };
}

function sameLook(one: Run, other: Run): boolean {
  return one.colour === other.colour && one.bold === other.bold && one.dim === other.dim;
}
