import { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { askAll, type AskOptions } from '../../src/verify/ask.ts';
import type { DnsCheck } from '../../src/verify/checks.ts';
import { KbootError } from '../../src/model/error.ts';
import type { CheckResult } from '../../src/verify/types.ts';
import { startDns, text, type DnsServer, type Reply } from './dns-server.ts';

let server: DnsServer | undefined;
afterEach(() => {
  server?.close();
});

const options: AskOptions = {
  ...{ concurrency: 4, timeoutMs: 150, attempts: 2, retriedFailures: 100 },
  ...{ newNameMs: 60_000, newNamePauseMs: 1 },
};
const credentials = { caPem: '', certificatePem: '', keyPem: '' };

const check = (more: Partial<DnsCheck> = {}): DnsCheck => ({
  kind: 'pod-udp',
  from: 'cp-1',
  to: 'w-1',
  asked: 'something',
  via: 'cp-1',
  address: '10.244.0.3',
  port: 5300,
  question: { name: 'w-1.udp.verify', type: 'TXT' },
  expect: ['w-1'],
  atLeastBytes: 0,
  ...more,
});

async function ask(
  reply: (number: number) => Reply,
  checks: readonly DnsCheck[] = [check()],
  more: { options?: Partial<AskOptions>; signal?: AbortSignal } = {},
): Promise<readonly CheckResult[]> {
  let number = 0;
  const dns = await startDns(() => reply((number += 1)));
  server = dns;
  const seen: CheckResult[] = [];
  const results = await askAll(
    checks,
    { credentials, open: () => dns.connect() },
    more.signal ?? new AbortController().signal,
    (result) => seen.push(result),
    { ...options, ...more.options },
  );
  expect(new Set(seen)).toEqual(new Set(results));
  return results;
}

describe('askAll', () => {
  it('passes checks with the expected answer at the first attempt', async () => {
    const [result] = await ask(() => text('w-1'), [check()], { options: { timeoutMs: 10_000 } });
    expect(result).toMatchObject({ kind: 'pod-udp', from: 'cp-1', to: 'w-1', ok: true, attempts: 1 });
    expect(result).not.toHaveProperty('why');
  });

  it('retries once, and keeps the reason of the first failure', async () => {
    const [result] = await ask((number) => (number === 1 ? 'silent' : text('w-1')));
    expect(result).toMatchObject({ ok: true, attempts: 2, why: 'connected, but no response in 0.15 s' });
  });

  it.each<[string, Reply, string]>([
    ['no answer', 'silent', 'connected, but no response in 0.15 s'],
    ['an end', 'hang up', 'the connection ended before the answer was complete'],
    ['a refusal', { answers: [], rcode: 5 }, 'the answer is REFUSED'],
    ['a failure behind', { answers: [], rcode: 2 }, 'the Pod got no answer from there (SERVFAIL)'],
    ['nothing in it', { answers: [] }, 'the answer is empty'],
    ['another node', text('w-2'), 'the answer is w-2, not w-1'],
  ])('fails on %s, and tells it', async (_name, reply, why) => {
    expect(await ask(() => reply)).toMatchObject([{ ok: false, attempts: 2, why }]);
  });

  it('asks again for a new name that DNS does not know yet, and for no other', async () => {
    const isNew = check({ kind: 'dns', isNew: true });
    const late = (number: number): Reply => (number < 6 ? { answers: [], rcode: 3 } : text('w-1'));
    expect(await ask(late, [isNew])).toMatchObject([
      { ok: true, attempts: 6, why: 'the answer is NXDOMAIN' },
    ]);
    server?.close();
    expect(await ask(late, [check({ kind: 'dns' })])).toMatchObject([{ ok: false, attempts: 2 }]);
  });

  it('gives a name up that DNS never learns, all checks together', async () => {
    const checks = Array.from({ length: 4 }, () => check({ kind: 'dns', isNew: true }));
    const begun = performance.now();
    const results = await ask(() => ({ answers: [], rcode: 3 }), checks, {
      options: { concurrency: 1, newNameMs: 200, timeoutMs: 10_000 },
    });
    expect(results.map(({ ok, why }) => [ok, why])).toEqual(
      checks.map(() => [false, 'the answer is NXDOMAIN']),
    );
    expect(results.slice(1).map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
    expect(performance.now() - begun).toBeGreaterThan(200);
  });

  it('reports both reasons if they differ', async () => {
    const [result] = await ask((number) => (number === 1 ? 'hang up' : text('w-2')));
    expect(result?.why).toBe(
      'the answer is w-2, not w-1; first attempt: the connection ended before the answer was complete',
    );
  });

  it('accepts an answer from any backend of a Service', async () => {
    const service = check({ kind: 'cluster-ip', expect: ['w-1', 'w-2'] });
    expect(await ask(() => text('w-2'), [service])).toMatchObject([{ ok: true }]);
    expect(await ask(() => text('stranger'), [service])).toMatchObject([
      { ok: false, why: 'the answer is stranger, which is not a node in this run' },
    ]);
  });

  it('fails an answer that is shorter than one packet', async () => {
    const long = check({ kind: 'pod-tcp', atLeastBytes: 4000 });
    expect((await ask(() => text('w-1'), [long]))[0]?.why).toMatch(/^the answer has only \d+ bytes$/);
    const padding = Array.from({ length: 16 }, () => 'x'.repeat(250));
    expect(await ask(() => text('w-1', ...padding), [long])).toMatchObject([{ ok: true }]);
  });

  it("tells what the host's sshd said", async () => {
    const refused = new KbootError('E-CONNECT', 'the host cannot connect to 10.244.0.3:5300', {
      detail: 'Connection refused',
    });
    const [result] = await askAll(
      [check()],
      { credentials, open: () => Promise.reject(refused) },
      new AbortController().signal,
      () => undefined,
      options,
    );
    expect(result?.why).toBe('the host cannot connect to 10.244.0.3:5300: Connection refused');
  });

  it('returns results in the order of the checks', async () => {
    const checks = Array.from({ length: 12 }, (_, index) => check({ to: `n${index}` }));
    expect((await ask(() => text('w-1'), checks)).map(({ to }) => to)).toEqual(checks.map(({ to }) => to));
  });

  it('stops retrying a kind of check after many failures', async () => {
    const checks = Array.from({ length: 5 }, () => check());
    const results = await ask(() => 'hang up', checks, { options: { concurrency: 1, retriedFailures: 2 } });
    expect(results.map(({ attempts }) => attempts)).toEqual([2, 2, 1, 1, 1]);
  });

  it('runs no further check once interrupted', async () => {
    const interrupt = new AbortController();
    const answer = (): Reply => {
      interrupt.abort();
      return text('w-1');
    };
    const checks = Array.from({ length: 5 }, () => check());
    const results = await ask(answer, checks, { options: { concurrency: 1 }, signal: interrupt.signal });
    expect(results).toHaveLength(1);
    expect(server?.asked).toHaveLength(1);
  });

  it('opens no more streams at a time than allowed', async () => {
    const streams: Duplex[] = [];
    let most = 0;
    await askAll(
      Array.from({ length: 20 }, () => check()),
      {
        credentials,
        open: () => {
          const stream = new Duplex({
            read: () => undefined,
            write: (_data, _encoding, done) => {
              done();
            },
          });
          streams.push(stream);
          most = Math.max(most, streams.filter(({ destroyed }) => !destroyed).length);
          setTimeout(() => {
            stream.push(null);
          }, 5);
          return Promise.resolve(stream);
        },
      },
      new AbortController().signal,
      () => undefined,
      { ...options, attempts: 1 },
    );
    expect(most).toBe(options.concurrency);
  });
});
