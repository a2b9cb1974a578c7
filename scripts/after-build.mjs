// Runs after tsc: puts JSON data, which tsc leaves behind, beside the compiled files and makes the command executable.
import { chmod, copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src');
const target = join(root, 'dist');

for (const path of await readdir(source, { recursive: true })) {
  if (!path.endsWith('.json')) continue;
  await mkdir(dirname(join(target, path)), { recursive: true });
  await copyFile(join(source, path), join(target, path));
}
await chmod(join(target, 'main.js'), 0o755);
