import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Session, type SessionStep } from '../../src/apply/session.ts';
import type { RootProcess, Writer } from '../../src/transport/types.ts';
import { failure } from '../transport/failure.ts';

const step: SessionStep = { script: 'true', timeoutSeconds: 0 };

/**
 * A host whose end of a session does what `behave` says, once it has the nonce; and whether it was ended. `take`: calls its
 * argument once it has taken so many bytes of a step.
 */
function host(
  behave: (say: (text: string) => void, nonce: string) => void,
  take: (done: () => void, bytes: number) => void = (done) => {
    done();
  },
): {
  readonly writer: Writer;
  readonly ended: Promise<unknown>;
} {
  let end: (code: number) => void = () => undefined;
  const exit = new Promise<number>((resolve) => (end = resolve));
  const start = (): Promise<RootProcess> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const kill = (): void => {
      stdout.end();
      end(0);
    };
    let begun = false;
    const stdin = new Writable({
      write(chunk: Buffer, _encoding, done) {
        const [, nonce] = /@([0-9a-f]{24}) ready/.exec(chunk.toString()) ?? [];
        if (nonce !== undefined && !begun) behave((text) => stdout.write(text), nonce);
        if (begun) take(done, chunk.length);
        else done();
        begun ||= nonce !== undefined;
      },
      final(done) {
        kill();
        done();
      },
    });
    return Promise.resolve({ stdin, stdout, stderr, exit, kill });
  };
  return { writer: { host: 'w-1', start } as unknown as Writer, ended: exit };
}

describe('a session with a host', () => {
  it('that never begins is given up', async () => {
    const { writer, ended } = host(() => undefined);
    const session = await Session.open(writer, undefined, { grace: 50 });
    expect(await failure(session.run(step))).toMatchObject({
      code: 'E-TIMEOUT',
      context: { host: 'w-1' },
    });
    await ended;
  });

  it.each<[string, (say: (text: string) => void, nonce: string) => void, string]>([
    [
      'never ends a step',
      (say, nonce) => {
        say(`@${nonce} ready\n`);
      },
      'E-TIMEOUT',
    ],
    [
      'says again and again that a step starts',
      (say, nonce) => {
        say(`@${nonce} ready\n`);
        const timer = setInterval(() => {
          say(`@${nonce} start 0\n`);
        }, 10);
        setTimeout(() => {
          clearInterval(timer);
        }, 2_000).unref();
      },
      'E-TIMEOUT',
    ],
    [
      'prints a line without end',
      (say, nonce) => {
        say(`@${nonce} ready\n${'x'.repeat(200_000)}`);
      },
      'E-PROBE',
    ],
    [
      'announces an output of a terabyte',
      (say, nonce) => {
        say(`@${nonce} ready\n@${nonce} done 0 0 1000000000000\nx`);
      },
      'E-PROBE',
    ],
    [
      'announces an output of no number',
      (say, nonce) => {
        say(`@${nonce} ready\n@${nonce} done 0 0 -5\nx`);
      },
      'E-PROBE',
    ],
  ])('that %s is given up', async (_title, behave, code) => {
    const { writer, ended } = host(behave);
    const session = await Session.open(writer, undefined, { grace: 200 });
    expect(await failure(session.run(step))).toMatchObject({ code, context: { host: 'w-1' } });
    await ended;
    await session.close();
  });
});

describe('a payload', () => {
  const size = 1024 * 1024;
  const withPayload: SessionStep = {
    ...step,
    payload: { path: '/tmp/x', bytes: { kind: 'buffer', bytes: Buffer.alloc(size) } },
  };

  it('that moves may take longer than its step, whose time begins with its end', async () => {
    let [told, taken] = ['', 0];
    let say: (text: string) => void = () => undefined;
    const { writer } = host(
      (tell, nonce) => {
        [say, told] = [tell, nonce];
        tell(`@${nonce} ready\n`);
      },
      (done, bytes) => {
        if (bytes < 1000) {
          done();
          return;
        }
        // In all, three times the limit.
        setTimeout(() => {
          taken += bytes;
          done();
          if (taken === size) say(`@${told} done 0 0 0\n\n`);
        }, 40);
      },
    );
    const session = await Session.open(writer, undefined, { grace: 200 });
    const sent: number[] = [];
    const result = await session.run(withPayload, undefined, (bytes, of) => {
      expect(of).toBe(size);
      sent.push(bytes);
    });
    expect(result.state).toBe('done');
    // The result may be here before the last slice is known to have left.
    expect(sent.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, index) => index * 64 * 1024));
    await session.close();
  });

  it('that does not move is given up', async () => {
    const { writer, ended } = host(
      (say, nonce) => {
        say(`@${nonce} ready\n`);
      },
      (done, bytes) => {
        if (bytes < 1000) done();
      },
    );
    const session = await Session.open(writer, undefined, { grace: 200 });
    expect(await failure(session.run(withPayload))).toMatchObject({ code: 'E-TIMEOUT' });
    await ended;
    await session.close();
  });
});
