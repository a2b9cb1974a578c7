// npm run sea [-- FILE] [--node NODE]: kboot as one executable, dist/kboot (or FILE): this Node with kboot in it, built as a
// "single executable application". ssh2 runs without its native part there. --node: another Node of the same version, such as
// that of another processor type, without V8's code cache, which only its own processor can use.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inject } from 'postject';
import { embeddedNames, listOwn } from '../src/model/own-files.ts';
import { bundleScript, bundleStart, leaveOut, root } from './bundling.ts';
import { writeCodeCache } from './package.ts';

/** Writes the executable: `node` with kboot in it. Throws if that is of another version than this Node, which prepares it. */
async function buildExecutable(file: string, node: string): Promise<void> {
  if (node !== process.execPath && !readFileSync(node).includes(process.version))
    throw new Error(`${node} is not Node ${process.version}: run this script with the same version`);
  const work = mkdtempSync(join(tmpdir(), 'kboot-sea-'));
  try {
    const files = join(work, 'files');
    await writeFiles(files, node === process.execPath);
    const names = listOwn(files);
    writeFileSync(join(files, embeddedNames), JSON.stringify(names));
    const assets = Object.fromEntries([...names, embeddedNames].map((name) => [name, join(files, name)]));
    const [main, config, blob] = [join(work, 'main.cjs'), join(work, 'config.json'), join(work, 'blob')];
    await bundleStart(main, { format: 'cjs', define: { 'import.meta.url': '"file:///main.cjs"' } });
    writeFileSync(
      config,
      JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, assets }),
    );
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

/** Writes what is embedded into `folder`, which is a package that can run from there, too. */
async function writeFiles(folder: string, codeCache: boolean): Promise<void> {
  await bundleScript(folder, [leaveOut(/\.node$|^cpu-features$/)]);
  for (const path of ['package.json', 'templates'])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  if (codeCache) writeCodeCache(folder);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', default: process.execPath } },
});
await buildExecutable(resolve(positionals[0] ?? join(root, 'dist/kboot')), resolve(values.node));
