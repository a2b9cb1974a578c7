import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchSilence } from '../../src/transport/silence.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('whatever comes in is a sign of life; more than four silent intervals are none', async () => {
  const stream = new PassThrough();
  const silent = vi.fn();
  watchSilence(stream, 10_000, silent);
  for (let second = 0; second < 300; second += 30) {
    await vi.advanceTimersByTimeAsync(30_000);
    stream.write('x');
    await vi.advanceTimersByTimeAsync(0);
  }
  await vi.advanceTimersByTimeAsync(49_000);
  expect(silent).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(silent).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(silent).toHaveBeenCalledOnce();
});

test('an ended watch calls nothing', async () => {
  const silent = vi.fn();
  watchSilence(new PassThrough(), 10_000, silent)();
  await vi.advanceTimersByTimeAsync(100_000);
  expect(silent).not.toHaveBeenCalled();
});
