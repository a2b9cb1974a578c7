// npm run build: src/ as a few files in dist/. Starting kboot then opens a handful of modules instead of hundreds.
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compile } from '../src/render/compile.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

/** kboot's own templates, compiled: what src/render/precompiled.ts is in dist. */
const precompiledTemplates = {
  name: 'precompiled templates',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/render\/precompiled\.ts$/ }, () => {
      const folder = join(root, 'templates');
      const paths = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.hbs'));
      const entries = paths.map(
        (path) => `${JSON.stringify(path)}: ${compile(readFileSync(join(folder, path), 'utf8'))}`,
      );
      return { contents: `export const precompiled = {${entries.join(',\n')}};` };
    });
  },
};

rmSync(dist, { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'src/main.ts')],
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Native addons and what only some commands load stay packages of their own, as does handlebars' compiler.
  external: ['ssh2', 'zx', 'node-forge', '@clack/prompts', 'log-update', 'tar-stream', 'dns-packet'],
  banner: {
    js: "import { createRequire as __kbootRequire } from 'node:module'; const require = __kbootRequire(import.meta.url);",
  },
  plugins: [precompiledTemplates],
  alias: { 'string-width': join(root, 'scripts/string-width.mjs') },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
});
for (const name of readdirSync(join(root, 'src/catalog'))) {
  if (name.endsWith('.json')) cpSync(join(root, 'src/catalog', name), join(dist, name));
}
for (const name of ['page.css', 'page.js']) cpSync(join(root, 'src/view/html', name), join(dist, name));
chmodSync(join(dist, 'main.js'), 0o755);
