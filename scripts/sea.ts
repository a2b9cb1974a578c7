// npm run sea [-- FILE] [--node NODE]: kboot as one executable, dist/kboot (or FILE): this Node with kboot in it, built as a
// "single executable application". ssh2 runs without its native part there. --node: another Node of the same version, such as
// that of another processor type, without V8's code cache, which only its own processor can use.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { inject } from 'postject';
import { bundling, dataFiles, filesBelow, leaveOut, root } from './bundling.ts';

/** Virtual path of kboot's files inside the executable. */
const inside = 'kboot:';

/** Replaces src/model/own-files.ts: it reads from the executable. */
const embeddedFiles: Plugin = {
  name: 'embedded files',
  setup(plugin) {
    plugin.onLoad({ filter: /\/src\/model\/own-files\.ts$/ }, () => ({
      contents: `
        const { getAsset } = require('node:sea');
        const names = ${JSON.stringify(Object.keys(assets()))};
        const nameOf = (file) => file instanceof URL ? file.pathname.split('/').at(-1) : file.slice(${inside.length + 1});
        export const packageRoot = '${inside}';
        export const readOwn = (file) => getAsset(nameOf(file), 'utf8');
        export const listOwn = (folder) => {
          const start = nameOf(folder) + '/';
          return names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
        };`,
    }));
  },
};

/** Every embedded file, by its name in the executable. */
function assets(): Readonly<Record<string, string>> {
  const data = dataFiles().map((path) => [basename(path), path] as const);
  const others = ['package.json', ...filesBelow('templates')].map((path) => [path, path] as const);
  return Object.fromEntries([...data, ...others].map(([name, path]) => [name, join(root, path)]));
}

/** Writes the executable: `node` with kboot in it. Throws if that is of another version than this Node, which prepares it. */
async function buildExecutable(file: string, node: string): Promise<void> {
  if (node !== process.execPath && !readFileSync(node).includes(process.version))
    throw new Error(`${node} is not Node ${process.version}: run this script with the same version`);
  const work = mkdtempSync(join(tmpdir(), 'kboot-sea-'));
  try {
    const main = join(work, 'main.cjs');
    await build({
      ...bundling,
      outfile: main,
      format: 'cjs',
      define: { 'import.meta.url': '"file:///main.cjs"' },
      supported: { 'dynamic-import': false },
      plugins: [embeddedFiles, leaveOut(/\.node$|^cpu-features$/), ...bundling.plugins],
    });
    const [config, blob] = [join(work, 'config.json'), join(work, 'blob')];
    const settings = {
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: node === process.execPath,
    };
    writeFileSync(config, JSON.stringify({ ...settings, assets: assets() }));
    execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'ignore' });
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    copyFileSync(node, file);
    chmodSync(file, 0o755);
    await inject(file, 'NODE_SEA_BLOB', readFileSync(blob), {
      sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', default: process.execPath } },
});
await buildExecutable(resolve(positionals[0] ?? join(root, 'dist/kboot')), resolve(values.node));
