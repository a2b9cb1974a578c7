import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { confirm } from '../../src/cli/terminal.ts';

it('changes nothing without --yes where nobody can answer', async () => {
  await expect(confirm('Do this?', false)).rejects.toMatchObject({ code: 'E-USAGE', exit: 3 });
  await expect(confirm('Do this?', true)).resolves.toBe(true);
});

it('asks whatever the output format is', () => {
  for (const name of ['up-run', 'reset-run']) {
    const source = readFileSync(new URL(`../../src/cli/${name}.ts`, import.meta.url), 'utf8');
    expect(source).toContain('await confirm(');
    expect(source).not.toMatch(/json\s*&&\s*!\(await confirm/);
  }
});
