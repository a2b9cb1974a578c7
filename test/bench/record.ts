import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Figures of one benchmark, by what was measured. */
export type Figures = Readonly<Record<string, number>>;

/** `$XDG_CACHE_HOME/kboot/bench.json`: the last figures of each benchmark on this machine. */
function recordFile(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'kboot', 'bench.json');
}

/** The figures of the last run of a benchmark on this machine; empty if there was none. */
export function lastFigures(benchmark: string): Figures {
  return read()[benchmark] ?? {};
}

/** Keeps figures for the next run. */
export function keepFigures(benchmark: string, figures: Figures): void {
  const file = recordFile();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...read(), [benchmark]: figures }, undefined, 2)}\n`);
}

/** `0.9 ×`, of what it was in the last run; empty if that is not known. */
export function ratioToLast(last: Figures, what: string, now: number): string {
  const before = last[what];
  return before === undefined || before === 0 ? '' : `${(now / before).toFixed(2)} ×`;
}

/** A file that cannot be read is none. */
function read(): Readonly<Record<string, Figures>> {
  try {
    return JSON.parse(readFileSync(recordFile(), 'utf8')) as Record<string, Figures>;
  } catch {
    return {};
  }
}
