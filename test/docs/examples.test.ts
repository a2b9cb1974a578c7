import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseInventory } from '../../src/inventory/parse.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { documents, read, root } from './documents.ts';
import { codeOf, type Code } from './markdown.ts';

/*
 * The examples in the documents are correct: a `console` block is run in a shell, with `$ ` before each command, and
 * prints the output in the block, where a line `[…]` matches any lines; an `sh` block, which may need hosts, is a valid
 * shell script; a `yaml` block is an inventory, or a part that is valid with the hosts of inventories/single.yaml.
 */

interface Piece extends Code {
  readonly document: string;
}

const pieces: readonly Piece[] = documents.flatMap((document) =>
  codeOf(read(document)).map((code) => ({ ...code, document })),
);
const inLanguage = (language: string): readonly Piece[] =>
  pieces.filter((piece) => piece.language === language);
const titled = (list: readonly Piece[]): readonly (readonly [string, Piece])[] =>
  list.map((piece) => [`${piece.document}, ${piece.heading}: ${piece.text.split('\n')[0] ?? ''}`, piece]);

/** An empty home with inventories/, README's cluster.yaml, the files in test/docs/files, and kboot in the PATH. */
const home = mkdtempSync(join(tmpdir(), 'kboot-docs-'));
beforeAll(() => {
  for (const [from, to] of [
    ['inventories', 'inventories'],
    ['templates', 'templates'],
    ['test/docs/files', '.'],
  ] as const)
    cpSync(join(root, from), join(home, to), { recursive: true });
  const whole = inLanguage('yaml').find(({ text }) => text.includes('apiVersion:'));
  writeFileSync(join(home, 'cluster.yaml'), whole?.text ?? '');
  mkdirSync(join(home, 'bin'));
  const main = `exec ${process.execPath} --import ${join(root, 'node_modules/tsx/dist/loader.mjs')} ${join(root, 'src/main.ts')} "$@"`;
  writeFileSync(join(home, 'bin/kboot'), `#!/bin/sh\n${main}\n`);
  chmodSync(join(home, 'bin/kboot'), 0o755);
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

/** The output of a command in a shell: stdout and stderr, interleaved. */
function typed(command: string): string {
  const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' };
  const { stdout } = spawnSync('bash', ['-c', `exec 2>&1; ${command}`], {
    cwd: home,
    env,
    encoding: 'utf8',
  });
  return stdout.trimEnd();
}

/** Commands of a block, each with the output below it. */
function dialogue(text: string): readonly { readonly command: string; readonly shown: string }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n');
      return { command, shown: shown.join('\n').trimEnd() };
    });
}

/** The actual text, with `[…]` where the documented one omits lines; unchanged if they differ. */
function abridged(actual: string, shown: string): string {
  const parts = shown.split(/^\[…\]$/m).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}$`).test(actual) ? shown : actual;
}

describe('blocks of console', () => {
  it.each(titled(inLanguage('console')))('%s', (_title, { text, document }) => {
    const lines = dialogue(text);
    expect(lines.length).toBeGreaterThan(0);
    const actual = lines.map(({ command, shown }) => ({ command, shown: abridged(typed(command), shown) }));
    if (process.env['UPDATE_GOLDEN'] === '1') {
      const now = actual.map(({ command, shown }) => `$ ${command}${shown === '' ? '' : `\n${shown}`}`);
      writeFileSync(
        join(root, document),
        read(document).replace(text, () => now.join('\n')),
      );
    } else
      expect(
        actual,
        'meant? UPDATE_GOLDEN=1 npx vitest run --project unit test/docs, and read the diff',
      ).toEqual(lines);
  });

  it('finds a wrong line', () => {
    expect(abridged('one\ntwo\nthree', 'one\n[…]\nthree')).toBe('one\n[…]\nthree');
    expect(abridged('one\ntwo', 'one\n2')).toBe('one\ntwo');
    expect(typed('kboot version | head -n 1')).toMatch(/^kboot \d/);
  });
});

describe('blocks of sh', () => {
  it.each(titled(inLanguage('sh')))('%s', (_title, { text }) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('blocks of yaml', () => {
  it.each(titled(inLanguage('yaml').filter(({ text }) => parse(text) !== null)))('%s', (_title, { text }) => {
    const part = parse(text) as { spec: object };
    const base = parse(read('inventories/single.yaml')) as { spec: object };
    const whole = 'kind' in part ? text : stringify({ ...base, spec: { ...base.spec, ...part.spec } });
    const { diagnostics } = parseInventory(whole, optionsFor('/repo/cluster.yaml'));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
