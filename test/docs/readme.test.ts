import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../src/model/error.ts';
import { words } from '../../src/model/language/words.ts';
import { stages } from '../../src/model/stage.ts';
import { complaint, verbs } from './command-line.ts';
import { documents, read, root } from './documents.ts';
import { expectGenerated, markdownTable } from './generated.ts';
import { codeOf, commandsOf, linksOf } from './markdown.ts';

const readme = codeOf(read('README.md'));
const plans = codeOf(read('docs/plans.md'));
const missing = 'What is not there yet';

describe('commands in the documents', () => {
  // Sentences of errors name a command without its arguments.
  const pages = documents.filter((name) => name !== 'docs/zh/messages.md');
  const lines = pages.flatMap((name) =>
    commandsOf(codeOf(read(name)), 'kboot').filter(({ heading }) => heading !== missing),
  );

  it.each([...new Set(lines.map(({ line }) => line))])('%s', async (line) => {
    expect(await complaint(line)).toBe('');
  });

  it('there are many, and a wrong one is found', async () => {
    expect(lines.length).toBeGreaterThan(15);
    expect(await complaint('kboot plan cluster.yaml --ofline')).not.toBe('');
    expect(await complaint('kboot plann cluster.yaml')).not.toBe('');
    expect(await complaint('kboot up cluster.yaml --until apps')).not.toBe('');
  });

  it('features that README calls missing are missing', async () => {
    const promised = commandsOf(readme, 'kboot').filter(({ heading }) => heading === missing);
    expect(read('README.md')).toContain(`## ${missing}\n`);
    for (const { line } of promised) expect(await complaint(line), line).not.toBe('');
  });

  it('docs/commands.md lists every command', () => {
    const listed = commandsOf(codeOf(read('docs/commands.md')), 'kboot');
    const named = new Set(listed.map(({ line }) => line.split(' ')[1]));
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

  it('flags and variables mentioned alone exist', async () => {
    const spans = [...readme, ...plans, ...codeOf(read('docs/bundles.md'))].filter(
      ({ language, heading }) => language === undefined && heading !== missing,
    );
    const flags = spans.map(({ text }) => text).filter((text) => /^--?[a-z]/.test(text));
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) {
      const complaints = await Promise.all(
        ['up cluster.yaml', 'plan cluster.yaml', 'bundle create DIR'].map((verb) =>
          complaint(`kboot ${verb} ${flag}`),
        ),
      );
      expect(complaints, flag).toContain('');
    }
    const source = sources().map(read).join('\n');
    const named = ['README.md', 'docs/connecting.md', 'docs/bundles.md'].map(read).join('\n');
    for (const [variable] of named.matchAll(/\bKBOOT_\w+/g)) expect(source).toContain(`'${variable}'`);
  });
});

describe('files in the documents', () => {
  const folders = (name: string): readonly string[] => [root, join(root, dirname(name))];
  const missingFrom = (name: string, paths: readonly string[]): readonly string[] =>
    paths.filter((path) => !folders(name).some((folder) => existsSync(join(folder, path))));

  it.each(documents)('links of %s lead to files', (name) => {
    const links = linksOf(read(name));
    if (name === 'README.md') expect(links.length).toBeGreaterThan(3);
    expect(missingFrom(name, links)).toEqual([]);
  });

  // The pages in docs/ also mention files on hosts, and values.
  const listing = documents.filter((name) => !name.startsWith('docs/') && name !== 'CHANGELOG.md');
  it.each(listing)('files that %s names are there', (name) => {
    const own = new Set(['cluster.yaml', 'bundle.json', 'inventory.yaml', 'bad.yaml']);
    const looksLikeFile = (text: string): boolean =>
      /^[\w.-]+(\/[\w.-]+)*\/?$/.test(text) &&
      (text.includes('/') || /\w\.(ts|md|json|mjs|yaml)$/.test(text)) &&
      !/[A-Z]{3,}(?!\w*\.md)/.test(text) &&
      !text.startsWith('dist/') &&
      !own.has(text);
    const spans = codeOf(read(name)).flatMap((code) => (code.language === undefined ? [code.text] : []));
    const paths = spans.filter(looksLikeFile);
    expect(paths.length).toBeGreaterThan(0);
    expect(missingFrom(name, paths)).toEqual([]);
  });
});

describe('tables and examples', () => {
  it('docs/commands.md lists every exit status', async () => {
    const rows = Object.entries(exitStatus).map(([name, status]) => [
      String(status),
      words.en.exits[name as keyof typeof exitStatus],
    ]);
    await expectGenerated(
      'docs/commands.md',
      'exit statuses',
      markdownTable([['status', 'meaning'], ...rows]),
    );
  });

  it('docs/plans.md lists the stages in order', () => {
    const spans = plans.filter(({ heading }) => heading.startsWith('Stages')).map(({ text }) => text);
    expect(spans.filter((text) => stages.some((stage) => stage === text))).toEqual(stages);
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
