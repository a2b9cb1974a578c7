import { PassThrough, type Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { overStream } from '../../src/verify/stream.ts';

const never = new Promise<never>(() => undefined);

describe('overStream', () => {
  it('returns the result, and destroys the stream', async () => {
    const stream = new PassThrough();
    expect(
      await overStream(
        () => Promise.resolve(stream),
        1000,
        () => Promise.resolve(7),
      ),
    ).toBe(7);
    expect(stream.destroyed).toBe(true);
  });

  it('distinguishes no connection from no response', async () => {
    await expect(
      overStream(
        () => never,
        20,
        () => never,
      ),
    ).rejects.toThrow('no connection in 0.02 s');
    const stream = new PassThrough();
    await expect(
      overStream(
        () => Promise.resolve(stream),
        20,
        () => never,
      ),
    ).rejects.toThrow('connected, but no response in 0.02 s');
    expect(stream.destroyed).toBe(true);
  });

  it('destroys a stream that opens too late', async () => {
    const stream = new PassThrough();
    let arrive: (stream: Duplex) => void = () => undefined;
    const late = new Promise<Duplex>((resolve) => (arrive = resolve));
    await expect(
      overStream(
        () => late,
        20,
        () => never,
      ),
    ).rejects.toThrow('no connection');
    arrive(stream);
    await late;
    await new Promise(setImmediate);
    expect(stream.destroyed).toBe(true);
  });

  it('passes on the error of opening', async () => {
    const failing = (): Promise<Duplex> => Promise.reject(new Error('Connection refused'));
    await expect(overStream(failing, 1000, () => never)).rejects.toThrow('Connection refused');
  });
});
