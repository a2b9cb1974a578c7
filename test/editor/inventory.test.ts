import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLanguageServer, type LanguageServer } from './language-server.ts';

/* What an editor with YAML support shows of an inventory: by its first line it finds inventory.schema.json. */

const folder = join(import.meta.dirname, '../../inventories');
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const single = readFileSync(join(folder, 'single.yaml'), 'utf8');
let server: LanguageServer;
beforeAll(async () => {
  server = await startLanguageServer();
});
afterAll(() => {
  server.close();
});

/** The number of the line that has `text`. */
function lineOf(whole: string, text: string): number {
  return whole.split('\n').findIndex((line) => line.includes(text)) + 1;
}

describe('an editor', () => {
  it.each(examples)('has nothing to say against %s', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    expect(await server.problems(join(folder, name), text)).toEqual([]);
  });

  it('underlines an unknown key and a value of the wrong type', async () => {
    const wrong = single
      .replace('  ssh:\n', '  networking:\n    podSubnets: 10.244.0.0/16\n  ssh:\n    port: twenty\n')
      .replace('roles: [worker]', 'roles: [master]');
    const problems = await server.problems(join(folder, 'wrong.yaml'), wrong);
    expect(problems).toEqual([
      { line: lineOf(wrong, 'podSubnets'), message: 'Property podSubnets is not allowed.' },
      { line: lineOf(wrong, 'twenty'), message: 'Incorrect type. Expected "integer".' },
      { line: lineOf(wrong, '[master]'), message: expect.stringContaining('"control-plane"') as string },
    ]);
  });

  it('says what is missing', async () => {
    const without = single.replace(/^ *kubernetesVersion.*\n/m, '');
    expect(await server.problems(join(folder, 'without.yaml'), without)).toEqual([
      { line: lineOf(without, 'spec:'), message: expect.stringContaining('"kubernetesVersion"') as string },
    ]);
  });

  it('offers the keys that may stand there', async () => {
    const text = single.replace('  ssh:\n', '  networking:\n    p\n  ssh:\n');
    await server.problems(join(folder, 'typing.yaml'), text);
    const line = lineOf(text, 'networking:') + 1;
    expect(await server.completions(join(folder, 'typing.yaml'), line, 6)).toEqual(
      expect.arrayContaining(['podSubnet', 'serviceSubnet', 'dnsDomain', 'flannel']),
    );
  });
});
