import { expect, it } from 'vitest';
import { confirm } from '../../src/cli/terminal.ts';

it('changes nothing without --yes where nobody can answer', async () => {
  await expect(confirm('Do this?', false)).rejects.toMatchObject({ code: 'E-USAGE', exit: 3 });
  await expect(confirm('Do this?', true)).resolves.toBe(true);
});
