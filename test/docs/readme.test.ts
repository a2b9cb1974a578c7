import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import yargs, { type CommandModule } from 'yargs';
import { parseInventory } from '../../src/inventory/parse.ts';
import { exitStatus, KbootError } from '../../src/model/error.ts';
import { stages } from '../../src/model/stage.ts';
import { optionsFor } from '../inventory/options.ts';
import { codeOf, commandsOf, linksOf } from './markdown.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = ['README.md', 'CONTRIBUTING.md', 'src/README.md', 'vagrant/README.md'];
const readme = codeOf(read('README.md'));
const missing = 'What is not there yet';
const modules = await commandModules();
const verbs = new Set(['completion', ...modules.map(({ command }) => String(command).split(' ')[0])]);

/** The commands that main.ts registers, by the files that it imports them from. */
async function commandModules(): Promise<readonly CommandModule[]> {
  const files = [...read('src/main.ts').matchAll(/from '(\.\/cli\/\w+\.ts)'/g)].map(([, file = '']) => file);
  const loaded = await Promise.all(
    files.map((file) => import(join(root, 'src', file)) as Promise<Record<string, unknown>>),
  );
  return loaded.flatMap(Object.values).filter(isModule);
}

function isModule(value: unknown): value is CommandModule {
  return typeof value === 'object' && value !== null && 'command' in value && 'describe' in value;
}

/** What kboot's own parser says against a command line; '' if nothing. Nothing is run. A lone verb is only a mention. */
async function complaint(line: string): Promise<string> {
  const mention = /^kboot (\w+)$/.exec(line)?.[1];
  if (mention !== undefined) return verbs.has(mention) ? '' : `${mention} is not a command`;
  const words = line
    .replaceAll(/[[\]]/g, '')
    .replace('STAGE', 'runtime')
    .replace(/ --concurrency N\b/, ' --concurrency 5')
    .split(/\s+/)
    .slice(1);
  let said = '';
  await yargs(words)
    .command(modules.map((module) => ({ ...module, handler: () => undefined })) as never[])
    .command('completion', '')
    .demandCommand(1)
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      said = message || String(error);
    })
    .parseAsync()
    .catch((error: unknown) => {
      // The subcommand of a module keeps its handler: `plan show` finds no such file.
      if (!(error instanceof KbootError)) throw error;
      said = error.code === 'E-PLAN' ? '' : error.message;
    });
  return said;
}

describe('commands in the documents', () => {
  const lines = documents.flatMap((name) =>
    commandsOf(codeOf(read(name)), 'kboot').filter(({ heading }) => heading !== missing),
  );

  it.each([...new Set(lines.map(({ line }) => line))])('%s', async (line) => {
    expect(await complaint(line.split(' | ')[0] ?? '')).toBe('');
  });

  it('there are many of them, and a wrong one would be found', async () => {
    expect(lines.length).toBeGreaterThan(15);
    expect(await complaint('kboot plan cluster.yaml --ofline')).not.toBe('');
    expect(await complaint('kboot plann cluster.yaml')).not.toBe('');
    expect(await complaint('kboot up cluster.yaml --until apps')).not.toBe('');
  });

  it('what README calls missing is missing', async () => {
    const promised = commandsOf(readme, 'kboot').filter(({ heading }) => heading === missing);
    expect(promised.length).toBeGreaterThan(0);
    for (const { line } of promised) expect(await complaint(line), line).not.toBe('');
  });

  it('README names every command', () => {
    const named = new Set(commandsOf(readme, 'kboot').map(({ line }) => line.split(' ')[1]));
    expect([...verbs].filter((verb) => !named.has(verb))).toEqual([]);
  });

  it('every npm script is in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const wanted = documents.flatMap((name) =>
      commandsOf(codeOf(read(name)), 'npm').flatMap(({ line }) => /^npm run ([\w:]+)/.exec(line)?.[1] ?? []),
    );
    expect(wanted).toContain('try');
    expect(wanted.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('flags and variables named alone exist', async () => {
    const spans = readme.filter(({ language, heading }) => language === undefined && heading !== missing);
    const flags = spans.map(({ text }) => text).filter((text) => /^--?[a-z]/.test(text));
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) {
      const complaints = await Promise.all(
        ['up cluster.yaml', 'plan cluster.yaml', 'bundle index DIR'].map((verb) =>
          complaint(`kboot ${verb} ${flag}`),
        ),
      );
      expect(complaints, flag).toContain('');
    }
    const source = sources().map(read).join('\n');
    for (const [variable] of read('README.md').matchAll(/\bKBOOT_\w+/g))
      expect(source).toContain(`'${variable}'`);
  });
});

describe('files in the documents', () => {
  const own = new Set(['cluster.yaml', 'bundle.json', 'inventory.yaml']);
  const looksLikeFile = (text: string): boolean =>
    /^[\w.-]+(\/[\w.-]+)*\/?$/.test(text) &&
    (text.includes('/') || /\w\.(ts|md|json|mjs|yaml)$/.test(text)) &&
    !/[A-Z]{3,}(?!\w*\.md)/.test(text) &&
    !own.has(text);

  it.each(documents)('%s', (name) => {
    const text = read(name);
    const spans = codeOf(text).flatMap((code) => (code.language === undefined ? [code.text] : []));
    const paths = [...spans.filter(looksLikeFile), ...linksOf(text)];
    const folders = [root, join(root, dirname(name))];
    expect(paths.length).toBeGreaterThan(3);
    expect(paths.filter((path) => !folders.some((folder) => existsSync(join(folder, path))))).toEqual([]);
  });
});

describe('tables and examples', () => {
  it('README lists every exit status', () => {
    const listed = [...read('README.md').matchAll(/^\| (\d+) +\|/gm)].map(([, status]) => Number(status));
    expect(listed).toEqual(Object.values(exitStatus));
  });

  it('README lists the stages in their order', () => {
    const spans = readme.filter(({ heading }) => heading === 'The plan').map(({ text }) => text);
    expect(spans.filter((text) => stages.some((stage) => stage === text))).toEqual(stages);
  });

  it('whole inventories are valid', () => {
    const inventories = readme.filter(
      ({ language, text }) => language === 'yaml' && text.includes('apiVersion:'),
    );
    expect(inventories).toHaveLength(1);
    for (const { text } of inventories)
      expect(parseInventory(text, optionsFor('/repo/cluster.yaml')).diagnostics).toEqual([]);
  });

  it('src/README.md has a row for every folder of src', () => {
    const rows = [...read('src/README.md').matchAll(/^\| `([\w.]+)\/?` +\|/gm)].map(([, folder]) => folder);
    expect(rows.toSorted()).toEqual(
      readdirSync(join(root, 'src'))
        .filter((entry) => entry !== 'README.md')
        .toSorted(),
    );
  });
});

/** Every TypeScript file of src. */
function sources(): readonly string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
}
