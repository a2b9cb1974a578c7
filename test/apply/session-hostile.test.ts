import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Session, type SessionStep } from '../../src/apply/session.ts';
import type { RootProcess, Writer } from '../../src/transport/types.ts';
import { failure } from '../transport/failure.ts';

const step: SessionStep = { script: 'true', timeoutSeconds: 0 };

/** A host whose end of a session does what `behave` says, once it has the nonce; and whether it was ended. */
function host(behave: (say: (text: string) => void, nonce: string) => void): {
  readonly writer: Writer;
  readonly ended: Promise<unknown>;
} {
  let end: (code: number) => void = () => undefined;
  const exit = new Promise<number>((resolve) => (end = resolve));
  const start = (): Promise<RootProcess> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    let begun = false;
    const stdin = new Writable({
      write(chunk: Buffer, _encoding, done) {
        const [, nonce] = /@([0-9a-f]{24}) ready/.exec(chunk.toString()) ?? [];
        if (nonce !== undefined && !begun) behave((text) => stdout.write(text), nonce);
        begun ||= nonce !== undefined;
        done();
      },
    });
    const kill = (): void => {
      stdout.end();
      end(0);
    };
    return Promise.resolve({ stdin, stdout, stderr, exit, kill });
  };
  return { writer: { host: 'w-1', start } as unknown as Writer, ended: exit };
}

describe('a session with a host', () => {
  it('that never begins is given up', async () => {
    const { writer, ended } = host(() => undefined);
    expect(await failure(Session.open(writer, undefined, { grace: 50 }))).toMatchObject({
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
    const session = await Session.open(writer, undefined, { grace: 200 }).catch((error: unknown) => error);
    const error = session instanceof Session ? await failure(session.run(step)) : session;
    expect(error).toMatchObject({ code, context: { host: 'w-1' } });
    await ended;
    if (session instanceof Session) await session.close();
  });
});
