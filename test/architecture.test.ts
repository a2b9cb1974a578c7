import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { textDecisions } from './display-text.ts';

/** From the bottom to the top; a file imports from its own layer or an earlier one. */
const layers = [
  'model',
  'inventory',
  'catalog',
  'foreign',
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
  'start',
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
    has('main.ts', 'cli/terminal.ts', 'lazy');
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

  it('what is desired knows nothing of plans', () => {
    expect(layers.indexOf('desire')).toBeLessThan(layers.indexOf('plan'));
    const links = inside.filter(({ from, to }) => layerOf(from) === 'desire' && layerOf(to) === 'plan');
    expect(links).toEqual([]);
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

  it('planning is read from top to bottom: makePlan calls few, and app/ goes down to lower layers seldom', () => {
    const loaded = inside.filter(({ how }) => how !== 'type');
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to } of loaded) if (from === file) visit(to);
    };
    visit('app/make-plan.ts');
    const called = loaded.filter(({ from }) => from === 'app/make-plan.ts');
    const descents = loaded.filter(
      ({ from, to }) => reached.has(from) && layerOf(from) === 'app' && layerOf(to) !== 'app',
    );
    // They were 30 and 52 while makePlan observed, decided and assembled in one function, without encryption (11), consent (3), and questions
    // beside the probes (7).
    expect(called.length).toBeLessThanOrEqual(8);
    expect(descents.length).toBeLessThanOrEqual(70);
  });

  it('one file starts programs and decides what is in their environment', () => {
    const starting =
      /^(node:)?(child_process|cluster|worker_threads)$|^(zx|execa|cross-spawn|node-pty)(\/|$)/;
    expect([...new Set(imports.filter(({ to }) => starting.test(to)).map(({ from }) => from))]).toEqual([
      'transport/child.ts',
    ]);
    // Everybody else takes single variables; ${NAME} in inventories and in files of k0sctl are looked up in all.
    expect(files.filter(takesWholeEnvironment).toSorted()).toEqual([
      'app/bring/source.ts',
      'app/host-names.ts',
      'app/hosts-source.ts',
      'app/read-inventory.ts',
      // What it takes out of a report.
      'app/support/collect.ts',
      'transport/child.ts',
    ]);
  });

  it('the command starts with yargs and nothing else from npm', () => {
    expect(packagesAtStart('main.ts').filter((name) => !name.startsWith('node:'))).toEqual(['yargs']);
    expect(packagesAtStart('cli/up-run.ts')).toContain('yaml');
  });

  it('an offline plan starts without the dependencies of connections, and no plan with those of progress', () => {
    const needed = ['log-update', 'node-forge', 'node:http', 'node:http2', 'node:tls', 'ssh2', 'zx'];
    const loaded = packagesAtStart('cli/plan-run.ts');
    expect(loaded.filter((name) => needed.includes(name))).toEqual([]);
    expect(packagesAtStart('cli/up-run.ts')).not.toContain('log-update');
    expect(packagesAtStart('view/progress.ts')).toContain('log-update');
    expect(packagesAtStart('app/up.ts')).toContain('node:tls');
  });
});

describe('text leaves kboot at one place', () => {
  const texts = new Map(files.map((file) => [file, readFileSync(new URL(file, source), 'utf8')]));
  const having = (pattern: RegExp): string[] =>
    [...texts].flatMap(([file, text]) => (pattern.test(text) ? [file] : []));

  it('only cli/terminal.ts writes to stdout and stderr, which take Printable', () => {
    expect(
      having(/process\.std(out|err)\.write|\bwriteSync\((1|2)\b|\/dev\/(stdout|stderr|tty)['"`]/),
    ).toEqual(['cli/terminal.ts']);
    expect(having(/\bconsole\.\w+\(|process\.emitWarning|process\.binding/)).toEqual([]);
  });

  it('only the prompts and the terminal hold the streams', () => {
    const other = /\bprocess: (Root)?Process\b|const process = /;
    const holders = having(/process\.std(out|err)(?!\.columns|\.isTTY|\.on\b)/);
    expect(holders.filter((file) => !other.test(texts.get(file) ?? '')).toSorted()).toEqual([
      'cli/ask.ts',
      'cli/terminal.ts',
      'main.ts',
    ]);
    // It listens for readers that close their pipe early.
    expect(texts.get('main.ts')).toContain('for (const stream of [process.stdout, process.stderr])');
    expect(texts.get('main.ts')).not.toContain('stream.write');
  });

  it('only view/printable.ts makes Printable', () => {
    expect(having(/\bas (unknown as )?Printable\b|<Printable>/)).toEqual(['view/printable.ts']);
  });

  it('logs and events are JSON in which every character shows', () => {
    const writers = ['main.ts', 'cli/terminal.ts', 'store/run-log.ts'];
    expect(having(/JSON\.stringify/).filter((file) => writers.includes(file))).toEqual([]);
  });
});

/** What view/ decides from text for people, each only about how it prints that text. */
const printing = {
  'view/html/steps.ts: phase.title === phase.id': 'an ID that says the same is not printed',
  'view/html/steps.ts: reason.startsWith(name)': 'the name is not printed twice',
  'view/html/steps.ts: reason.slice(name.length)': 'the name is not printed twice',
};

describe('text for people', () => {
  const decisions = files
    // It makes the words.
    .filter((file) => file !== 'plan/target.ts')
    .flatMap((file) =>
      textDecisions(file, readFileSync(new URL(file, source), 'utf8')).map(({ code }) => `${file}: ${code}`),
    );

  it('decides nothing', () => {
    expect(decisions.filter((each) => layerOf(each) !== 'view')).toEqual([]);
  });

  it('decides in view/ only how it is printed', () => {
    expect(decisions.filter((each) => layerOf(each) === 'view').toSorted()).toEqual(
      Object.keys(printing).toSorted(),
    );
  });

  it.each([
    "if (step.resource === 'unit kubelet') restart();",
    "const well = step.reason != 'enabled at boot';",
    'if (/^(static-pod .*|unit kubelet)$/.test(step.resource)) restart();',
    "return !step.reason.startsWith('mode ');",
    'const [kind] = step.resource.split(" ");',
    "const name = phase.title.replace('stage ', '');",
    "if (step?.reason.includes('restart')) wait();",
    "if (step['reason'] === 'x') wait();",
    'const found = (step.reason ?? "").match(/mode/);',
    "if (targetText(step.target) === 'swap') wait();",
    "if (targetWords(step.target).kind === 'file') wait();",
    "const { kind } = targetWords(step.target); if (kind === 'file') wait();",
    "const words = conditionText(gate.condition); if (words.endsWith('Ready')) wait();",
    "const { reason } = step; if (reason === 'enabled at boot') wait();",
    "const { reason: why } = step; if (why === 'enabled at boot') wait();",
    "steps.filter(({ resource }) => resource.startsWith('static-pod '));",
    "steps.find(({ title }) => 'rollout' === title);",
    'switch (phase.title) { case "rollout": wait(); }',
    'if (known.has(targetText(step.target))) wait();',
    'const effect = effects[step.resource];',
    'if (`${step.host} ${step.resource}` === last) wait();',
    'steps.sort((one, other) => (one.reason < other.reason ? -1 : 1));',
  ])('is found where it decides: %s', (snippet) => {
    expect(textDecisions('x.ts', snippet)).not.toEqual([]);
  });

  it('is found once, with its line', () => {
    expect(textDecisions('x.ts', "\n\nif (a.reason ===\n 'x') b();")).toEqual([
      { line: 3, code: "a.reason === 'x'" },
    ]);
  });

  it.each([
    "if (step.target.kind === 'unit' && step.target.name === 'kubelet') restart();",
    "if (resource.kind === 'file' && resource.path === path) wait();",
    'print(`${targetText(step.target)}, ${step.reason}`);',
    "const words = step.reason === '' ? [] : [step.reason];",
    'if (step.reason !== undefined) print(step.reason);',
    "const title = process.argv[2]; if (title === 'x') wait();",
    "function one() { const { reason } = step; print(reason); } const other = (reason: string) => reason === 'x';",
    "if (objectTitle(object) === 'ConfigMap x') wait();",
  ])('may be printed, and other things may decide: %s', (snippet) => {
    expect(textDecisions('x.ts', snippet)).toEqual([]);
  });
});

/** Whether a file uses `process.env` otherwise than for one variable, or reaches it in another way. */
function takesWholeEnvironment(file: string): boolean {
  const tree = ts.createSourceFile(
    file,
    readFileSync(new URL(file, source), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  let found = false;
  const visit = (node: ts.Node): void => {
    const whole = ts.isPropertyAccessExpression(node) && node.name.text === 'env';
    if (whole && node.expression.getText() === 'process' && !ts.isElementAccessExpression(node.parent))
      found = true;
    if (ts.isStringLiteral(node) && /^(node:)?process$/.test(node.text)) found = true;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

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
