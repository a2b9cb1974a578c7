import '../view/no-color.ts';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holder } from '../../src/apply/lock/holder.ts';
import { HostLock } from '../../src/apply/lock/host-lock.ts';
import { clusterLockTimes } from '../../src/apply/lock/times.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { runOperation, type Operation } from '../../src/cli/runner.ts';
import type { Planned } from '../../src/cli/show.ts';
import { KbootError } from '../../src/model/error.ts';
import type { HookStep, Plan } from '../../src/plan/types.ts';
import { lockTimes } from '../../src/store/lock.ts';
import { localHost, type LocalHost } from '../apply/local-host.ts';
import { line } from '../../src/view/printable.ts';
import { checkEvents } from '../events.ts';
import { phaseOf, plan } from '../samples/plan.ts';
import { captured } from './run.ts';

const inventory = new URL('../../inventories/single.yaml', import.meta.url).pathname;
const hook: HookStep = {
  ...{ type: 'hook', id: 'operator: hook kmod', verb: 'run', target: { kind: 'hook', name: 'kmod' } },
  ...{ reason: '', effects: [], command: 'true', timeoutSeconds: 20 },
};
const phases = [phaseOf('hooks', [['operator', [hook]]])];
const pending = plan({ hosts: [], phases });

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'kboot-runner-'));
  return () => {
    rmSync(state, { recursive: true });
  };
});

function operation(of: Plan, failed: readonly string[] = []): Operation<Planned> {
  const connections = {
    open: new Map(),
    failed: new Map(failed.map((name) => [name, new KbootError('E-CONNECT', 'gone', { host: name })])),
    close: () => Promise.resolve(),
  };
  return {
    command: 'reset',
    question: 'Really?',
    make: () => Promise.resolve({ plan: of, connections }),
    nothing: () => line`nothing`,
    summary: () => line`the end`,
  };
}

const run = (
  what: Operation<Planned>,
  output: 'text' | 'json',
  yes: boolean,
  more: { readonly stats?: boolean; readonly trace?: string } = {},
): ReturnType<typeof captured> =>
  captured(async () => {
    const args = { inventory, state, output, yes, verbose: false, color: false, concurrency: 1, ...more };
    return runOperation(args, await openWorkspace(args), what);
  });

function typesIn(out: string): readonly string[] {
  const lines = out.trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { type: string }).type);
}

describe('runOperation', () => {
  it.each(['text', 'json'] as const)('asks before it changes anything, with output %s', async (output) => {
    const { error, out } = await run(operation(pending), output, false);
    expect(error).toMatchObject({ code: 'E-USAGE' });
    expect(out).toContain('kmod');
    expect(readdirSync(state)).toEqual(['.gitignore']);
  });

  it('keeps a run log of every command', async () => {
    expect(await run(operation(pending), 'text', true)).toMatchObject({ value: 0, error: undefined });
    const [name = ''] = readdirSync(join(state, 'runs'));
    expect(name).toMatch(/Z-reset\.ndjson$/);
    const lines = readFileSync(join(state, 'runs', name), 'utf8')
      .trim()
      .split('\n');
    checkEvents(lines);
    const [first = ''] = lines;
    expect(JSON.parse(first)).toMatchObject({
      type: 'plan',
      plan: { phases: [{ batches: [{ tasks: [{ steps: [{ target: { name: 'kmod' } }] }] }] }] },
    });
  });

  it('reports the plan and its result as events', async () => {
    const { out, value } = await run(operation(pending), 'json', true);
    expect(value).toBe(0);
    expect(typesIn(out)).toEqual(['plan', 'start', 'done', 'span', 'summary']);
  });

  it('with figures, says what the run cost before its result, and what it waited for', async () => {
    const { out, err } = await run(operation(pending), 'json', true, { stats: true });
    expect(typesIn(out)).toEqual(['plan', 'start', 'done', 'span', 'stats', 'summary']);
    checkEvents(out.trim().split('\n'));
    expect(err).toMatch(/^CPU time: kboot \d+\.\d s, its scripts on hosts 0\.0 s$/m);
    expect(err).toMatch(/^Longest chain, \d+\.\d s: /m);
    const nothing = await run(operation(plan()), 'json', true, { stats: true });
    expect(typesIn(nothing.out)).toEqual(['plan', 'stats', 'summary']);
  });

  it('writes a trace that only its owner can read, and replaces nothing but a trace', async () => {
    const trace = join(state, 'trace.json');
    const { err } = await run(operation(pending), 'text', true, { trace });
    expect(err).toContain(`trace ${trace}`);
    expect(statSync(trace).mode & 0o777).toBe(0o600);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: { name: string }[] };
    expect(traceEvents.map(({ name }) => name)).toContain('hook kmod');
    expect(await run(operation(pending), 'text', true, { trace })).toMatchObject({ value: 0 });
    writeFileSync(trace, '{"mine": true}');
    const refused = await run(operation(pending), 'text', true, { trace });
    expect(refused.error).toMatchObject({ code: 'E-USAGE', exit: 3 });
    expect(readFileSync(trace, 'utf8')).toBe('{"mine": true}');
  });

  it('an empty plan needs no answer and leaves no log; 4 if a host could not be read', async () => {
    expect(await run(operation(plan()), 'text', false)).toMatchObject({ value: 0, out: 'nothing\n' });
    const json = await run(operation(plan(), ['w-9']), 'json', false);
    expect(json).toMatchObject({ value: 4 });
    expect(typesIn(json.out)).toEqual(['plan', 'summary']);
    expect(existsSync(join(state, 'runs'))).toBe(false);
  });

  it.each([
    [5, ['E-FOREIGN-CLUSTER']],
    [4, ['E-FOREIGN-CLUSTER', 'E-CONNECT']],
  ] as const)('%i if hosts were not changed because of %j', async (status, codes) => {
    const failed = new Map(codes.map((code) => [code, new KbootError(code, 'no', { host: code })]));
    const { connections, ...planned } = await operation(plan()).make();
    const make = (): Promise<Planned> =>
      Promise.resolve({ ...planned, connections: { ...connections, failed } });
    expect(await run({ ...operation(plan()), make }, 'text', true)).toMatchObject({ value: status });
  });

  it('releases the lock if planning fails', async () => {
    const broken = { ...operation(pending), make: () => Promise.reject(new Error('broken')) };
    expect((await run(broken, 'text', true)).error).toMatchObject({ message: 'broken' });
    expect(existsSync(join(state, 'lock'))).toBe(false);
  });

  describe('with another copy of the state folder', () => {
    let host: LocalHost;
    beforeEach(() => {
      host = localHost('sh', 'cp-1');
      const usual = { ...clusterLockTimes };
      Object.assign(clusterLockTimes, { heartbeatMs: 200, pollMs: 100 });
      return () => {
        Object.assign(clusterLockTimes, usual);
        host.remove();
      };
    });
    const elsewhere: Holder = {
      ...{ token: 'c'.repeat(32), run: 'c'.repeat(16), command: 'kboot up other.yaml', user: 'ops' },
      ...{ host: 'laptop', pid: 4711, machine: 'another', started: '1', since: '2026-11-28T08:00:00.000Z' },
    };
    const connected = (make: () => Plan): Operation<Planned> => ({
      ...operation(pending),
      make: () =>
        Promise.resolve({
          plan: make(),
          connections: {
            open: new Map([
              ['cp-1', { reader: host.writer, writer: host.writer, close: () => Promise.resolve() }],
            ]),
            failed: new Map(),
            close: () => Promise.resolve(),
          },
        }),
    });

    it('plans again if another run has changed the cluster since the plan was made', async () => {
      let plans = 0;
      const make = (): Plan => {
        plans++;
        return plans === 1 ? pending : plan();
      };
      const other = await HostLock.open(host.writer);
      await other.take(elsewhere, 30_000, undefined);
      const running = run(connected(make), 'text', true);
      await vi.waitFor(() => {
        expect(plans).toBe(1);
      }, 30_000);
      await sleep(300);
      // It has changed something, and ends.
      await other.drop(elsewhere.token, true);
      other.close();
      const { value, out } = await running;
      expect([value, plans]).toEqual([0, 2]);
      expect(out).toMatch(/nothing\n$/);
      expect(existsSync(join(state, 'runs'))).toBe(false);
    });

    it('applies the plan if the other run has changed nothing, or that was before', async () => {
      const other = await HostLock.open(host.writer);
      await other.take(elsewhere, 30_000, undefined);
      await other.drop(elsewhere.token, true);
      other.close();
      await sleep(50);
      let plans = 0;
      const { value } = await run(
        connected(() => {
          plans++;
          return pending;
        }),
        'text',
        true,
      );
      expect([value, plans]).toEqual([0, 1]);
      expect(existsSync(host.path('run/kboot/holder'))).toBe(false);
    });

    it('ends with 7, and starts nothing more, once another run has its lock', async () => {
      const slow = { ...hook, id: 'operator: hook slow', command: `touch ${host.path('slow')}; sleep 4` };
      const next = { ...hook, id: 'operator: hook next', command: `touch ${host.path('next')}` };
      const steps = plan({ hosts: [], phases: [phaseOf('hooks', [['operator', [slow, next]]])] });
      const running = run(
        connected(() => steps),
        'text',
        true,
      );
      await vi.waitFor(() => {
        expect(existsSync(host.path('slow'))).toBe(true);
      }, 30_000);
      const other = await HostLock.open(host.writer);
      // As if this run had been silent for long.
      expect(await other.take(elsewhere, 0, undefined)).toMatchObject({ kind: 'taken' });
      const { value, err } = await running;
      other.close();
      expect(value, err).toBe(7);
      expect(err).toContain('This run lost its lock. Running steps finished, and nothing new was started.');
      expect(existsSync(host.path('next'))).toBe(false);
      // It is the other run's.
      expect(host.text('run/kboot/holder')).toContain(elsewhere.token);
    }, 30_000);

    it('ends with 7 and changes nothing while the other run lives', async () => {
      const other = await HostLock.open(host.writer);
      await other.take(elsewhere, 30_000, undefined);
      const beats = setInterval(() => void other.beat(elsewhere.token).catch(() => undefined), 200);
      const { error } = await run(
        connected(() => pending),
        'text',
        true,
      );
      clearInterval(beats);
      other.close();
      expect(error).toMatchObject({ code: 'E-LOCKED', exit: 7 });
      expect(String(error)).toContain(
        '`kboot up other.yaml` (ops@laptop, process 4711, since 2026-11-28T08:00:00Z)',
      );
      expect(existsSync(join(state, 'runs'))).toBe(false);
    });
  });

  it('changes nothing if it lost its lock before the answer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const robbed = operation(pending);
      const make = async (): Promise<Planned> => {
        rmSync(join(state, 'lock'));
        await vi.advanceTimersByTimeAsync(lockTimes.heartbeatMs);
        // The heartbeat reads the file, which fake timers do not wait for.
        await new Promise((done) => setTimeout(done, 100));
        return await robbed.make();
      };
      expect((await run({ ...robbed, make }, 'text', true)).error).toMatchObject({
        code: 'E-LOCKED',
        exit: 7,
      });
      expect(existsSync(join(state, 'runs'))).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
