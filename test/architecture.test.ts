import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** From the bottom to the top; a file imports from its own layer or an earlier one. */
const layers = [
  'model',
  'inventory',
  'catalog',
  'render',
  'pki',
  'transport',
  'store',
  'fetch',
  'kube',
  'etcd',
  'resource',
  'desire',
  'observe',
  'plan',
  'apply',
  'verify',
  'view',
  'app',
  'cli',
  'main.ts',
];

interface Import {
  readonly from: string;
  readonly to: string;
  /** `type`: removed by the compiler; `lazy`: `await import()`. */
  readonly how: 'static' | 'type' | 'lazy';
}

const source = new URL('../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const imports = files.flatMap(importsOf);

/** Imports of one file; targets inside src relative to it, others by package name. */
function importsOf(from: string): Import[] {
  const text = readFileSync(new URL(from, source), 'utf8');
  const tree = ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, how: Import['how']): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const { text: name } = specifier;
    found.push({ from, to: name.startsWith('.') ? normalize(join(dirname(from), name)) : name, how });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static',
      );
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static');
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, 'type');
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], 'lazy');
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const layerOf = (path: string): string => path.split('/')[0] ?? '';
const inside = imports.filter(({ to }) => files.includes(to));

describe('architecture', () => {
  it('reads the imports of every kind', () => {
    const has = (from: string, to: string, how: Import['how']): void => {
      expect(imports).toContainEqual({ from, to, how });
    };
    has('main.ts', 'yargs', 'static');
    has('main.ts', 'cli/up.ts', 'static');
    has('main.ts', 'view/error-text.ts', 'lazy');
    has('apply/run.ts', 'apply/context.ts', 'type');
  });

  it('every relative import names a file of src', () => {
    const dangling = imports.filter(
      ({ to }) => /\.(ts|json)$/.test(to) && to.includes('/') && !files.includes(to) && !to.endsWith('.json'),
    );
    expect(dangling).toEqual([]);
  });

  it('every file is in a layer that this test knows', () => {
    expect(files.filter((file) => !layers.includes(layerOf(file)))).toEqual([]);
  });

  it('layers only point down, lazy and type-only imports included', () => {
    const upward = inside.filter(
      ({ from, to }) => layers.indexOf(layerOf(to)) > layers.indexOf(layerOf(from)),
    );
    expect(upward.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('there is no import cycle, type-only imports included', () => {
    expect(cycles(inside.filter(({ how }) => how !== 'lazy'))).toEqual([]);
  });

  it('finds a cycle', () => {
    const link = (from: string, to: string): Import => ({ from, to, how: 'static' });
    expect(cycles([link('a', 'b'), link('b', 'c'), link('c', 'a'), link('c', 'd')])).toEqual([
      'a -> b -> c -> a',
    ]);
  });

  it('the command starts with yargs and nothing else from npm', () => {
    expect(packagesAtStart('main.ts').filter((name) => !name.startsWith('node:'))).toEqual(['yargs']);
    expect(packagesAtStart('cli/up-run.ts')).toContain('yaml');
  });

  it('an offline plan starts without the dependencies of connections and progress', () => {
    const needed = ['log-update', 'node-forge', 'node:http', 'node:http2', 'node:tls', 'ssh2', 'zx'];
    const loaded = packagesAtStart('cli/plan-run.ts');
    expect(loaded.filter((name) => needed.includes(name))).toEqual([]);
    expect(packagesAtStart('cli/up-run.ts')).toEqual(expect.arrayContaining(['log-update', 'node:tls']));
  });
});

/** npm packages, and `node:` modules, that loading `entry` loads at once. */
function packagesAtStart(entry: string): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { to } of imports.filter(({ from, how }) => from === file && how === 'static')) {
      if (files.includes(to)) visit(to);
      else if (!to.endsWith('.json'))
        packages.add(
          to
            .split('/')
            .slice(0, to.startsWith('@') ? 2 : 1)
            .join('/'),
        );
    }
  };
  visit(entry);
  return [...packages].sort();
}

/** One path for each back edge of a depth-first search. */
function cycles(links: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of links) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}
