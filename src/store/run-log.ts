import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { visibleJson } from '../model/visible.ts';
import { fileError } from './file-error.ts';
import type { State } from './state.ts';

/** The log of a run, one JSON object per line; it contains no secrets, and only its owner can read it. */
export interface RunLog {
  readonly path: string;
  write(event: object): void;
  close(): void;
}

const kept = 50;

/** `2026-11-20T10-12-03Z`: sorts by time, and is valid in any file name. */
export function fileTime(now: Date): string {
  return now.toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
}

/** Starts the log of one run, `runs/TIME-COMMAND.ndjson`, and removes the oldest beyond fifty. Throws E-STATE. */
export function openRunLog(state: State, command: string, now: Date): RunLog {
  const path = join(state.runs, `${fileTime(now)}-${command.replaceAll(' ', '-')}.ndjson`);
  try {
    mkdirSync(state.runs, { recursive: true, mode: 0o700 });
    for (const old of readdirSync(state.runs)
      .sort()
      .slice(0, 1 - kept))
      rmSync(join(state.runs, old), { recursive: true });
    const file = openSync(path, 'a', 0o600);
    return {
      path,
      write: (event) => {
        writeSync(file, `${visibleJson(event)}\n`);
      },
      close: () => {
        closeSync(file);
      },
    };
  } catch (cause) {
    throw fileError('The log of this run cannot be written', path, cause);
  }
}
