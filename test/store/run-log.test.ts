import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRunLog } from '../../src/store/run-log.ts';
import { openState, type State } from '../../src/store/state.ts';

let folder: string;
let state: State;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-log-'));
  state = await openState(join(folder, 'prod'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('writes a line per event, readable by its owner only', () => {
  const log = openRunLog(state, 'up', new Date('2026-11-20T10:12:03.456Z'));
  log.write({ type: 'start', step: 'a' });
  log.write({ type: 'done', step: 'a' });
  log.close();
  expect(log.path).toBe(join(state.runs, '2026-11-20T10-12-03Z-up.ndjson'));
  expect(readFileSync(log.path, 'utf8')).toBe('{"type":"start","step":"a"}\n{"type":"done","step":"a"}\n');
  expect(statSync(log.path).mode & 0o777).toBe(0o600);
});

it('keeps the newest fifty', () => {
  for (let minute = 0; minute < 55; minute++)
    openRunLog(state, 'up', new Date(Date.UTC(2026, 10, 20, 10, minute))).close();
  const names = readdirSync(state.runs).sort();
  expect(names).toHaveLength(50);
  expect(names[0]).toContain('T10-05-00Z');
});
