import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import {
  containerLines,
  hostScript,
  readHost,
  unitLines,
  type HostAnswer,
  type HostQuestion,
} from '../../../src/apply/diagnose/host-logs.ts';
import { failing, fakeHost, running, type FakeHost, type HostFiles } from './fake-host.ts';

let host: FakeHost | undefined;
afterEach(() => host?.remove());

async function ask(question: HostQuestion, files: HostFiles): Promise<HostAnswer> {
  host = fakeHost('cp-1', files);
  const { stdout } = await host.connection.reader.read(hostScript(question, 'n0nce'), { timeoutMs: 5000 });
  return readHost(question, 'n0nce', stdout);
}

it('reads the newest and the previous log of a container, units, and listeners', async () => {
  const answer = await ask(
    {
      containers: [
        { name: 'etcd', prefix: 'etcd-' },
        { name: 'none', prefix: 'none-' },
      ],
      units: ['kubelet', 'etcd'],
      port: 8443,
    },
    {
      containers: {
        'etcd-1.log': 'oldest\n',
        'etcd-2.log': 'older\n',
        'etcd-3.log': 'a\nb\n',
        'x.log': 'x\n',
      },
      units: { kubelet: { show: failing, journal: 'cannot start\n@other 0\n' } },
      listeners: 'LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:*\n',
    },
  );
  expect(answer).toEqual({
    containers: [
      { name: 'etcd', last: 'a\nb', previous: 'older' },
      { name: 'none', last: '', previous: '' },
    ],
    units: [
      {
        unit: 'kubelet',
        installed: true,
        active: false,
        state: 'activating (auto-restart), result exit-code, status 1, 12 restarts',
        log: 'cannot start\n@other 0',
      },
      { unit: 'etcd', installed: false, active: false, state: 'in an unknown state', log: '' },
    ],
    listeners: 'LISTEN 0 4096 0.0.0.0:8443 0.0.0.0:*',
  });
});

it('reads only the end of a log, even with very long lines', async () => {
  const log = `${'first\n'.repeat(10_000)}${'x'.repeat(1_000_000)}\nlast\n`;
  const answer = await ask(
    { containers: [{ name: 'c', prefix: 'c' }], units: [] },
    { containers: { 'c.log': log } },
  );
  const [{ last } = { last: '' }] = answer.containers;
  expect(last.length).toBeLessThan(30_000);
  expect(last).toMatch(/x\nlast$/);
});

it('executes nothing that a name contains', async () => {
  const marker = join(mkdtempSync(join(tmpdir(), 'kboot-injected-')), 'marker');
  for (const prefix of [`$(touch ${marker})`, `'; touch ${marker}; '`, `\n touch ${marker}\n`]) {
    const question = { containers: [{ name: 'c', prefix }], units: [prefix] };
    const answer = await ask(question, { containers: { 'c.log': 'x' } });
    expect(answer.containers).toEqual([{ name: 'c', last: '', previous: '' }]);
    expect(existsSync(marker)).toBe(false);
    host?.remove();
  }
  rmSync(dirname(marker), { recursive: true });
});

it('shows the state of a unit, with or without its journal', () => {
  const question = { containers: [], units: ['kubelet'] };
  const unitOf = (show: string): HostAnswer['units'][number] => {
    const [unit] = readHost(question, 'n', `\n@n state 0\n${show}\n@n journal 0\none\ntwo\n`).units;
    if (unit === undefined) throw new Error('no unit');
    return unit;
  };
  expect(unitLines('w-1', unitOf(running), 1)).toEqual([
    'kubelet.service on w-1: active (running); last lines:',
    '    two',
  ]);
  expect(unitLines('w-1', unitOf(running), 0)).toEqual(['kubelet.service on w-1: active (running)']);
  expect(unitLines('w-1', unitOf('LoadState=not-found'), 5)).toEqual([
    'kubelet.service is not installed on w-1',
  ]);
});

it('shows nothing for a container without a log', () => {
  expect(containerLines('cp-1', { name: 'etcd', last: '', previous: '' }, 5)).toEqual([]);
  expect(containerLines('cp-1', { name: 'etcd', last: 'a\nb', previous: 'c' }, 1)).toEqual([
    ['last lines of container etcd on cp-1:', '    b'],
    ['last lines of the previous run of container etcd on cp-1:', '    c'],
  ]);
});
