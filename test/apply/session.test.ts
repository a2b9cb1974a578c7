import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Session, type PayloadBytes, type SessionStep, type StepResult } from '../../src/apply/session.ts';
import { failure } from '../transport/failure.ts';
import { localHost, type LocalHost } from './local-host.ts';

const shells = ['dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const step = (script: string, more: Partial<SessionStep> = {}): SessionStep => ({
  script,
  timeoutSeconds: 20,
  ...more,
});
const bytes = (data: Buffer | string): PayloadBytes => ({ kind: 'buffer', bytes: Buffer.from(data) });
const stream = (data: Buffer): PayloadBytes => ({
  kind: 'stream',
  size: data.length,
  open: () => Readable.from([data.subarray(0, 70_000), data.subarray(70_000)]),
});

describe.each(shells)('a session in %s', (shell) => {
  let host: LocalHost;
  /** A session that has begun to take steps. */
  const open = async (): Promise<Session> => {
    const session = await Session.open(host.writer);
    await session.run(step(':'));
    return session;
  };
  beforeEach(() => {
    host = localHost(shell);
  });
  afterEach(() => {
    host.remove();
  });

  it('tells at its end what it took of the CPU, a failed step included', async () => {
    const session = await open();
    const busy = 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done';
    await Promise.all([session.run(step(busy)), session.run(step('exit 1')), session.run(step('true'))]);
    const seconds = await session.close();
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
  });

  it('runs steps in order, pipelined, and returns the output of each', async () => {
    const session = await open();
    const begun: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        session.run(step(`echo ${index} >> ${host.path('log')}; echo "out ${index}"; echo err >&2`), () =>
          begun.push(index),
        ),
      ),
    );
    await session.close();
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    expect(results).toEqual(
      numbers.map((index) => ({ state: 'done', status: 0, output: `out ${index}\nerr` })),
    );
    expect(begun).toEqual(numbers);
    expect(host.text('log')).toBe(numbers.map((index) => `${index}\n`).join(''));
    expect(host.commands).toHaveLength(1);
  });

  it('starts the next step at once, even after a very short one', async () => {
    const session = await open();
    // A step must not wait for the time limit of an earlier one: with 600 s, this test would time out.
    const many = Array.from({ length: 300 }, () => session.run(step(':', { timeoutSeconds: 600 })));
    expect((await Promise.all(many)).every(({ state }) => state === 'done')).toBe(true);
    await session.close();
  });

  it('transfers payloads exactly: any byte, five megabytes, empty', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const large = randomBytes(5_000_000);
    const session = await open();
    const cases = [
      ['all', bytes(all), all],
      ['large', stream(large), large],
      ['empty', bytes(''), Buffer.alloc(0)],
      ['like-a-step', bytes('step 9 1 0 5 -\n'), Buffer.from('step 9 1 0 5 -\n')],
      ['with blank', bytes('x'), Buffer.from('x')],
    ] as const;
    const results = await Promise.all(
      cases.map(([name, payload]) =>
        session.run(
          step(`sha256sum < '${host.path('in', name)}'; stat -c %a '${host.path('in', name)}'`, {
            payload: { path: host.path('in', name), bytes: payload },
          }),
        ),
      ),
    );
    await session.close();
    expect(results.map(({ output }) => output)).toEqual(cases.map(([, , data]) => `${sum(data)}  -\n600`));
  });

  it('starts nothing after a failed step, and discards the payloads of the rest', async () => {
    const session = await open();
    const [first, second, third, fourth] = await Promise.all([
      session.run(step('echo one')),
      session.run(step('echo why >&2; exit 3')),
      session.run(
        step(`: > ${host.path('third')}`, {
          payload: { path: host.path('p'), bytes: stream(randomBytes(300_000)) },
        }),
      ),
      session.run(step(`: > ${host.path('fourth')}`)),
    ]);
    await session.close();
    expect(first).toMatchObject({ state: 'done', output: 'one' });
    expect(second).toEqual({ state: 'failed', status: 3, output: 'why' });
    expect([third, fourth].map(({ state }) => state)).toEqual(['skipped', 'skipped']);
    expect(['third', 'fourth', 'p'].filter((name) => existsSync(host.path(name)))).toEqual([]);
  });

  it("keeps the last 4000 bytes of a step's output, of any byte", async () => {
    const session = await open();
    const result = await session.run(
      step(`i=0; while [ $i -lt 1000 ]; do echo "line $i ä"; i=$((i+1)); done; printf 'END\\n\\n'`),
    );
    const binary = await session.run(step(`head -c 20000 /dev/urandom | tr -d '\\0'; echo tail`));
    const after = await session.run(step('echo still here'));
    await session.close();
    expect(result.output.endsWith('line 999 ä\nEND')).toBe(true);
    expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(4004);
    expect(result.output).not.toContain('line 10 ');
    expect(binary.output.endsWith('tail')).toBe(true);
    expect(after.output).toBe('still here');
  });

  it('gives a step an empty stdin', async () => {
    const session = await open();
    const results = await Promise.all([session.run(step('cat; echo eof')), session.run(step('echo next'))]);
    await session.close();
    expect(results.map(({ output }) => output)).toEqual(['eof', 'next']);
  });

  it('one step does not change the shell of the next', async () => {
    const session = await open();
    await session.run(step(`cd /; x=1; umask 000; kb_own() { echo mine; }; set -e; false || :`));
    const result = await session.run(
      step(`echo "[$x] $(umask)"; false; kb_own ${host.path('made')}; echo on`),
    );
    await session.close();
    expect(result.output).toBe('[] 0022\non');
    expect(host.text('kboot/owned')).toBe(`${host.path('made')}\n`);
  });

  it('kills a step with all its processes at its time limit, and reports that', async () => {
    const session = await open();
    const result = await session.run(
      step(`sleep 4711 & echo $! > ${host.path('background')}; sleep 4712 & wait $!`, { timeoutSeconds: 1 }),
    );
    expect(result.state).toBe('failed');
    expect(result.output).toContain('did not end within 1 s');
    const skipped = await session.run(step(':'));
    expect(skipped.state).toBe('skipped');
    await session.close();
    expect(descendants(host)).toEqual([]);
    expect(await ended(Number(host.text('background')))).toBe(true);
  });

  it('does not attribute a killed step only to its time limit', async () => {
    const session = await open();
    const result = await session.run(step(`sh -c 'kill -9 $$'`));
    await session.close();
    expect(result).toMatchObject({ state: 'failed', status: 137 });
    expect(result.output).toContain('for lack of memory, or since');
  });

  it('leaves no process behind after quick steps', async () => {
    const session = await open();
    await Promise.all([session.run(step(':')), session.run(step('true')), session.run(step('exit 1'))]);
    expect(descendants(host).filter((line) => line.includes('sleep'))).toEqual([]);
    await session.close();
    expect(descendants(host)).toEqual([]);
  });

  it('a second session waits for the first, or reports its process', async () => {
    const first = await open();
    const error = await failure(open());
    expect(error.code).toBe('E-LOCKED');
    expect(error.context.host).toBe('h1');
    expect(error.message).toContain(String(host.processes[0]?.pid));
    await first.close();
    const third = await open();
    expect((await third.run(step('echo mine'))).output).toBe('mine');
    await third.close();
  });

  it('keeps its files where only root can read them, and hold their locks', async () => {
    const session = await open();
    expect(statSync(host.path('run/kboot')).mode & 0o7777).toBe(0o700);
    expect(readdirSync(host.path('run'))).toEqual(['kboot']);
    await session.close();
    expect(readdirSync(host.path('run/kboot'))).toEqual(['session.lock']);
  });

  it.each([
    [
      'a link',
      (path: string) => {
        symlinkSync('/tmp', path);
      },
    ],
    [
      'a file',
      (path: string) => {
        writeFileSync(path, '');
      },
    ],
    [
      "a folder of somebody else's",
      (path: string) => {
        mkdirSync(path);
        chownSync(path, 65534, 65534);
      },
    ],
  ])('refuses %s in the place of its folder', async (_what, make) => {
    make(host.path('run/kboot'));
    const error = await failure(open());
    expect(error).toMatchObject({ code: 'E-STEP', context: { host: 'h1' } });
    expect(error.message).toContain('is not a folder of root');
  });

  it('starts no step, not even one that was sent ahead, once another run has the lock of the cluster', async () => {
    const session = await Session.open(host.writer, 'a'.repeat(32));
    await session.run(step(':'));
    const holder = host.path('run/kboot/holder');
    expect((await session.run(step('echo nobody has it'))).state).toBe('done');
    writeFileSync(holder, `${'a'.repeat(32)} 1 run\nwho\n`);
    const results = await Promise.all([
      session.run(step(`echo "${'b'.repeat(32)} 2 run" > ${holder}`)),
      session.run(step(`touch ${host.path('ran')}`)),
    ]);
    await session.close();
    expect(results.map(({ state, status }) => [state, status])).toEqual([
      ['done', 0],
      ['failed', 76],
    ]);
    expect(existsSync(host.path('ran'))).toBe(false);
  });

  it('a background process of a step does not hold the lock', async () => {
    const first = await open();
    await first.run(step(`sleep 30 > /dev/null 2>&1 & echo $! > ${host.path('daemon')}`));
    await first.close();
    const second = await open();
    await second.close();
    const daemon = Number(host.text('daemon'));
    expect(existsSync(`/proc/${daemon}`)).toBe(true);
    process.kill(daemon);
  });

  it('the end of stdin during a payload leaves no target file and no session', async () => {
    mkdirSync(host.path('etc'));
    const session = await open();
    const half = new Promise<StepResult>((resolve, reject) => {
      session
        .run(
          step(`mv ${host.path('etc/.kboot~f')} ${host.path('etc/f')}`, {
            payload: {
              path: host.path('etc/.kboot~f'),
              bytes: { kind: 'stream', size: 1_000_000, open: () => cutOff(host) },
            },
          }),
        )
        .then(resolve, reject);
    });
    expect(await half).toMatchObject({ state: 'failed', status: 74 });
    expect((await failure(session.run(step(':')))).code).toBe('E-CONNECT');
    await exited(host);
    expect(readdirSync(host.path('etc'))).toEqual([]);
    const again = await open();
    await again.close();
  });

  it('a payload that cannot be written ends the session with the cause', async () => {
    const session = await open();
    const results = await Promise.allSettled([
      session.run(step('echo never', { payload: { path: '/proc/none/x', bytes: bytes('x') } })),
      session.run(step('echo later')),
    ]);
    await session.close();
    expect(results[0]).toMatchObject({ status: 'fulfilled', value: { state: 'failed', status: 74 } });
    expect(results[0].status === 'fulfilled' ? results[0].value.output : '').toMatch(
      /No such file|nonexistent|Read-only|denied/,
    );
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'E-CONNECT' } });
  });

  it.each([
    ['fails', (): Readable => Readable.from(failing())],
    ['is shorter than it was', (): Readable => Readable.from([Buffer.alloc(10)])],
    ['is longer than it was', (): Readable => Readable.from([Buffer.alloc(2000)])],
  ])('a payload stream that %s ends the session instead of sending other data', async (_name, source) => {
    const session = await open();
    const [large, next] = await Promise.allSettled([
      session.run(
        step(`: > ${host.path('ran')}`, {
          payload: { path: host.path('p'), bytes: { kind: 'stream', size: 1000, open: source } },
        }),
      ),
      session.run(step(`: > ${host.path('ran')}`)),
    ]);
    await session.close();
    expect([large.status, next.status]).toEqual(['rejected', 'rejected']);
    expect(existsSync(host.path('ran'))).toBe(false);
  });

  it('the contents of a payload are not visible in the process list', async () => {
    const secret = 'correct-horse-battery';
    const session = await open();
    const result = await session.run(
      step(
        `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; tr '\\0' ' ' < $p/environ; done 2>/dev/null; echo`,
        {
          payload: { path: host.path('key'), bytes: bytes(secret) },
        },
      ),
    );
    await session.close();
    expect(result.state).toBe('done');
    expect(result.output).not.toContain(secret);
    expect(statSync(host.path('key')).mode & 0o777).toBe(0o600);
  });

  it('if the connection closes during a step, the step completes and the shell exits', async () => {
    const session = await open();
    const running = session.run(step(`: > ${host.path('begun')}; sleep 0.5; : > ${host.path('whole')}`));
    running.catch(() => undefined);
    const next = session.run(step(`: > ${host.path('next')}`));
    next.catch(() => undefined);
    while (!existsSync(host.path('begun'))) await sleep(5);
    host.processes[0]?.stdin?.destroy();
    host.processes[0]?.stdout?.destroy();
    await exited(host);
    expect(existsSync(host.path('whole'))).toBe(true);
    expect(existsSync(host.path('next'))).toBe(false);
    const again = await open();
    await again.close();
  });

  it('rejects every submitted step if the remote shell dies', async () => {
    const session = await open();
    const running = [session.run(step('sleep 20')), session.run(step('echo next'))];
    await sleep(100);
    host.processes[0]?.kill('SIGKILL');
    const errors = await Promise.all(running.map(failure));
    expect(errors.map(({ code, context }) => [code, context.host])).toEqual([
      ['E-CONNECT', 'h1'],
      ['E-CONNECT', 'h1'],
    ]);
    expect((await failure(session.run(step(':')))).code).toBe('E-CONNECT');
    await session.close();
  });
});

function* failing(): Generator<Buffer> {
  yield Buffer.alloc(500);
  throw new Error('EIO');
}

/** Sends half of the payload and closes the connection. */
function cutOff(host: LocalHost): Readable {
  return Readable.from(
    (async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(500_000, 'x');
      await sleep(50);
      host.processes[0]?.stdin?.end();
      await sleep(200);
      yield Buffer.alloc(500_000, 'x');
    })(),
  );
}

async function exited(host: LocalHost): Promise<void> {
  while (host.processes[0]?.exitCode === null && host.processes[0].signalCode === null) await sleep(10);
}

/** Command lines of processes that mention the host's folder or run below its shells. */
function descendants(host: LocalHost): string[] {
  const roots = new Set(host.processes.map(({ pid }) => pid));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const ours = roots.has(Number(parent)) || command.includes(host.root);
        return ours && state !== 'Z' && Number(name) !== process.pid ? [command] : [];
      } catch {
        return [];
      }
    });
}

async function ended(pid: number): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    if (!existsSync(`/proc/${pid}`)) return true;
    if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return true;
    await sleep(20);
  }
  return false;
}
