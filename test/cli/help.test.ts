import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { commands } from './run.ts';

const cli = new URL('../../src/cli/', import.meta.url);
const verbs = commands.map(({ command }) => String(command).split(' ')[0] ?? '');

/** The --help output of a command line at 80 columns; nothing is run. */
async function helpOf(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    void yargs()
      .scriptName('kboot')
      .command(commands as never[])
      .wrap(80)
      .parse([...words, '--help'], {}, (error, _argv, output) => {
        if (error) reject(error);
        else resolve(output);
      });
  });
}

const silent = commands.map((module) => ({ ...module, handler: () => undefined }));

/** The parser's error for a command line; '' if there is none. Nothing is run. */
async function complaint(line: string): Promise<string> {
  return new Promise((resolve) => {
    void yargs()
      .command(silent as never[])
      .strict()
      .parse(line.split(/\s+/).slice(1), {}, (error) => {
        resolve(error?.message ?? '');
      });
  });
}

it('knows every command that has a file', () => {
  const sources = readdirSync(cli).map((name) => readFileSync(new URL(name, cli), 'utf8'));
  const found = sources.flatMap((text) =>
    [...text.matchAll(/^ {2}command: '(\w+)/gm)].map(([, verb]) => verb),
  );
  expect(found.filter((verb) => verb !== 'show').sort()).toEqual([...verbs].sort());
});

describe.each([...verbs.map((verb) => [verb]), ['plan', 'show']])('kboot %s %s --help', (...words) => {
  const line = words.filter((word) => typeof word === 'string');

  it('shows its purpose, what it contacts and changes, its exit statuses, and related commands', async () => {
    const page = await helpOf(...line);
    const [synopsis = '', blank, purpose = ''] = page.split('\n');
    expect(synopsis).toMatch(new RegExp(`^kboot ${line.join(' ')}\\b`));
    expect([blank, purpose]).toEqual(['', expect.stringMatching(/^[A-Z][a-z]+s /)]);
    expect(page.replaceAll(/\s+/g, ' ')).toMatch(/[Cc]ontacts? nothing|[Ll]ogs in to/);
    expect(page).toMatch(/^Exit status: 0/m);
    expect(page).toMatch(/^ +-o, --output +text, or json: one event per line on stdout/m);
    for (const row of page.split('\n')) expect(row.length).toBeLessThanOrEqual(80);
    const others = /^See also: (.*)/m.exec(page)?.[1]?.split(', ') ?? [];
    expect(others.length).toBeGreaterThan(1);
    expect(others.filter((other) => !verbs.includes(other.split(' ')[1] ?? ''))).toEqual([]);
  });

  it('shows examples that the parser accepts, and no flag without a description', async () => {
    const page = await helpOf(...line);
    const module = commands[verbs.indexOf(line[0] ?? '')];
    const shown: string[] = [];
    const spied = yargs([]);
    const keep = spied.example.bind(spied);
    spied.example = ((example: string, does: string) => {
      shown.push(example);
      return keep(example, does);
    }) as typeof spied.example;
    if (typeof module?.builder === 'function') await module.builder(spied);
    expect(shown.length).toBeGreaterThan(0);
    for (const example of shown.filter((each) => each.startsWith('kboot ')))
      expect(await complaint(example.replace(/ > .*/, ''))).toBe('');
    expect(page).not.toMatch(/^ +(-\w, )?--[\w-]+ *$/m);
  });
});
