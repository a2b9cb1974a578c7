import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compile, run } from '../../src/start/script.ts';

const file = join(import.meta.dirname, 'any.cjs');
const ran = globalThis as { ran?: unknown };

it('runs a file as Node does: it can require, and knows where it is', () => {
  run(compile('globalThis.ran = [require("node:path").basename(__filename), __dirname];'), file);
  expect(ran.ran).toEqual(['any.cjs', import.meta.dirname]);
});

it('takes what V8 has compiled of it, and compiles it again if that is not for this V8', () => {
  // V8 takes a cache for that of any text of the same length.
  const cache = compile('globalThis.ran = "cached";').createCachedData();
  const otherV8 = Buffer.from(cache).fill(1, 0, 16);
  for (const [name, data, result] of [
    ['right1', cache, 'cached'],
    ['wrong1', otherV8, 'wrong1'],
    ['wrong2', Buffer.alloc(0), 'wrong2'],
  ] as const) {
    run(compile(`globalThis.ran = "${name}";`, data), file);
    expect(ran.ran).toBe(result);
  }
});
