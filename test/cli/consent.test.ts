import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { confirm, typedAhead } from '../../src/cli/terminal.ts';

it('changes nothing without --yes where nobody can answer', async () => {
  await expect(confirm('Do this?', false)).rejects.toMatchObject({ code: 'E-USAGE', exit: 3 });
  await expect(confirm('Do this?', true)).resolves.toBe(true);
});

it.each([
  ['\n', false],
  ['y', false],
  ['\u0003', true],
])('what was typed before a question is no answer to it: %j', async (typed, interrupted) => {
  const modes: boolean[] = [];
  const stream = new PassThrough();
  const input = Object.assign(stream, { setRawMode: (raw: boolean) => modes.push(raw) });
  stream.write(typed);
  expect(await typedAhead(input as never)).toBe(interrupted);
  expect(modes).toEqual([true, false]);
  stream.write('n');
  expect(String(stream.read())).toBe('n');
});
