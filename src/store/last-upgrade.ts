import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from './state.ts';

/** An upgrade that an earlier run carried out to its end. */
export interface LastUpgrade {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/** The latest upgrade in the run logs that completed, if any. Logs that cannot be read are skipped. */
export function lastUpgrade({ runs }: Pick<State, 'runs'>): LastUpgrade | undefined {
  for (const name of names(runs).toReversed()) {
    const found = upgradeOf(join(runs, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `the last upgrade, from v1.34.9 to v1.35.6, took 287 s` */
export function lastUpgradeText({ from, to, seconds }: LastUpgrade): string {
  return `the last upgrade, from ${from} to ${to}, took ${Math.round(seconds)} s`;
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('-up.ndjson'))
      .sort();
  } catch {
    return [];
  }
}

interface LogLine {
  readonly type: string;
  readonly at?: number;
  readonly plan?: { readonly upgrade?: { readonly from: string; readonly to: string } };
}

function upgradeOf(path: string): LastUpgrade | undefined {
  try {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const { plan } = JSON.parse(lines[0] ?? '') as LogLine;
    if (plan?.upgrade === undefined) return undefined;
    const events = lines.slice(1).map((line) => JSON.parse(line) as LogLine);
    const last = events.at(-1);
    if (last?.at === undefined || last.type !== 'done' || events.some(({ type }) => type === 'failed'))
      return undefined;
    return { ...plan.upgrade, seconds: last.at / 1000 };
  } catch {
    return undefined;
  }
}
