import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { compile } from '../src/render/compile.ts';
import { scriptName } from '../src/start/script.ts';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Data files that modules of src/ read from their own folder. */
const dataFiles = (): readonly string[] =>
  ['src/catalog', 'src/view/html'].flatMap(filesBelow).filter((path) => !path.endsWith('.ts'));

/** Files below a folder of the repository, with forward slashes, sorted. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .map((path) => path.split(sep).join('/'))
    .sort();
}

/** kboot's own templates, compiled: replaces src/render/precompiled.ts in a build. */
const precompiledTemplates: Plugin = {
  name: 'precompiled templates',
  setup(build) {
    build.onLoad({ filter: /\/src\/render\/precompiled\.ts$/ }, () => {
      const entries = filesBelow('templates').map((path) => {
        const program = compile(readFileSync(join(root, path), 'utf8'));
        return `${JSON.stringify(path.slice('templates/'.length))}: ${program}`;
      });
      return { contents: `export const precompiled = {${entries.join(',\n')}};` };
    });
  },
};

/** handlebars' compiler, for users' templates: bundled, but evaluated only when the first of them is compiled. */
const bundledCompiler: Plugin = {
  name: 'bundled compiler',
  setup(build) {
    build.onLoad({ filter: /\/src\/render\/compiler\.ts$/ }, () => ({
      contents: "export const compiler = () => require('handlebars/dist/cjs/handlebars.js').default;",
      resolveDir: root,
    }));
  },
};

/**
 * Replaces the package string-width when yargs lays out help: kboot's help is plain text, and loading the Unicode
 * tables of the real one takes a quarter of `kboot --help`.
 */
const plainHelp: Plugin = {
  name: 'plain help',
  setup(build) {
    build.onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      /\/node_modules\/(?:yargs|cliui)\//.test(importer)
        ? { path: join(root, 'scripts/string-width.mjs') }
        : undefined,
    );
  },
};

/**
 * yargs guesses a version from the package.json of the folder that kboot is run in, before main.ts states it: one that is not
 * found costs a tenth of `kboot --help`, for the stack of an error. This one cannot be read.
 */
const noGuess: Plugin = {
  name: 'no guess',
  setup(build) {
    build.onLoad({ filter: /\/node_modules\/escalade\/sync\// }, () => ({
      contents: "export default () => '';",
    }));
  },
};

/** Leaves out packages that others try to load but do not need. */
export function leaveOut(filter: RegExp): Plugin {
  return {
    name: 'left out',
    setup(build) {
      build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
      build.onLoad({ filter, namespace: 'left-out' }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(`${path} is not part of this build`)});`,
      }));
    },
  };
}

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
} satisfies BuildOptions;

/**
 * Bundles src/main.ts, with what a build adds in `plugins`, into the folder `out`: the one file that src/start/ runs, and the data
 * files that it reads there.
 * Returns esbuild's metafile.
 */
export async function bundleScript(out: string, plugins: readonly Plugin[]): Promise<Metafile> {
  const { metafile } = await build({
    ...options,
    entryPoints: ['src/main.ts'],
    outfile: join(out, scriptName),
    format: 'cjs',
    supported: { 'dynamic-import': false },
    banner: { js: "const __kbootUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': '__kbootUrl' },
    plugins: [
      ...plugins,
      // handlebars would use it to write source maps, which kboot does not request.
      leaveOut(/^source-map$/),
      precompiledTemplates,
      bundledCompiler,
      plainHelp,
      noGuess,
    ],
  });
  const script = join(out, scriptName);
  writeFileSync(script, asciiOnly(readFileSync(script, 'utf8')));
  for (const path of dataFiles()) cpSync(join(root, path), join(out, basename(path)));
  return metafile;
}

/**
 * The same script in ASCII, which Node reads and V8 keeps in half the bytes: esbuild escapes strings and names, this does the
 * rest, which are regular expressions and templates.
 */
function asciiOnly(script: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return script.replace(/[^\0-\x7f]/g, escaped);
}

/** Bundles src/start/main.ts, the command of a build, into `outfile`, as esbuild's `own` options for it say. */
export async function bundleStart(outfile: string, own: BuildOptions): Promise<void> {
  await build({ ...options, entryPoints: ['src/start/main.ts'], outfile, ...own });
}
