import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { confirm, typedAhead } from '../../src/cli/terminal.ts';

it('requires --yes without a terminal', async () => {
  await expect(confirm('Apply this plan?', false)).rejects.toMatchObject({ code: 'E-USAGE', exit: 3 });
  await expect(confirm('Apply this plan?', true)).resolves.toBe(true);
});

it.each([
  ['\n', false],
  ['y', false],
  ['\u0003', true],
])('input typed before a question does not answer it: %j', async (typed, interrupted) => {
  const modes: boolean[] = [];
  const stream = new PassThrough();
  const input = Object.assign(stream, { setRawMode: (raw: boolean) => modes.push(raw) });
  stream.write(typed);
  expect(await typedAhead(input as never)).toBe(interrupted);
  expect(modes).toEqual([true, false]);
  stream.write('n');
  expect(String(stream.read())).toBe('n');
});
