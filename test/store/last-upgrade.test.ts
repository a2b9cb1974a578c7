import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastUpgrade, lastUpgradeText } from '../../src/store/last-upgrade.ts';

let runs: string;
beforeEach(() => {
  runs = join(mkdtempSync(join(tmpdir(), 'kboot-runs-')), 'runs');
});
afterEach(() => {
  rmSync(join(runs, '..'), { recursive: true });
});

function log(name: string, ...events: readonly object[]): void {
  mkdirSync(runs, { recursive: true });
  writeFileSync(join(runs, name), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
const planned = (from: string, to: string) => ({
  type: 'plan',
  plan: { upgrade: { from, to, direction: 'up' } },
});

it('is the latest one that ended; others, and what cannot be read, are passed over', () => {
  expect(lastUpgrade({ runs })).toBeUndefined();
  log('2026-01-01T00-00-00Z-up.ndjson', planned('v1.34.9', 'v1.35.6'), { type: 'done', at: 287_400 });
  log(
    '2026-01-02T00-00-00Z-up.ndjson',
    planned('v1.35.6', 'v1.36.2'),
    { type: 'failed' },
    { type: 'done', at: 9 },
  );
  log('2026-01-03T00-00-00Z-up.ndjson', planned('v1.35.6', 'v1.36.2'), { type: 'start', at: 9 });
  log('2026-01-04T00-00-00Z-up.ndjson', { type: 'plan', plan: {} }, { type: 'done', at: 9 });
  log('2026-01-05T00-00-00Z-up.ndjson');
  log('2026-01-06T00-00-00Z-reset.ndjson', planned('v1.1.1', 'v1.2.2'), { type: 'done', at: 9 });
  const found = lastUpgrade({ runs });
  expect(found && lastUpgradeText(found)).toBe('the last upgrade, from v1.34.9 to v1.35.6, took 287 s');
});
