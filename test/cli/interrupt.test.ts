import { expect, it } from 'vitest';
import { onInterrupt } from '../../src/cli/interrupt.ts';

it('aborts its signal at the first SIGINT, and lets any number of hosts listen without a warning', async () => {
  const warnings: string[] = [];
  const warned = ({ message }: Error): void => {
    warnings.push(message);
  };
  process.on('warning', warned);
  let calls = 0;
  const interrupts = onInterrupt(() => {
    calls++;
  });
  try {
    const { signal } = interrupts;
    let heard = 0;
    for (let host = 0; host < 50; host++)
      signal.addEventListener('abort', () => {
        heard++;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
    process.emit('SIGINT');
    expect([signal.aborted, calls, heard]).toEqual([true, 1, 50]);
  } finally {
    interrupts.stop();
    process.off('warning', warned);
  }
});

it.each([
  [true, true],
  [false, false],
])('SIGHUP, which comes twice, aborts it once if there is a terminal (%s)', (isTTY, aborted) => {
  const before = Object.getOwnPropertyDescriptor(process.stdin, 'isTTY');
  Object.defineProperty(process.stdin, 'isTTY', { value: isTTY, configurable: true });
  let calls = 0;
  const interrupts = onInterrupt(() => {
    calls++;
  });
  try {
    process.emit('SIGHUP');
    process.emit('SIGHUP');
    expect([interrupts.signal.aborted, calls]).toEqual([aborted, aborted ? 1 : 0]);
  } finally {
    interrupts.stop();
    if (before === undefined) Reflect.deleteProperty(process.stdin, 'isTTY');
    else Object.defineProperty(process.stdin, 'isTTY', before);
  }
});
