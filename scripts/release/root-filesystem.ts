import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Entry } from './archive.ts';
import { librariesOf } from './texts.ts';

/** Where Node's licence is, from its archive or from the Debian package. */
export function nodeLicence(): string {
  const files = [join(dirname(process.execPath), '../LICENSE'), '/usr/share/doc/nodejs/LICENSE'];
  const file = files.find((each) => existsSync(each));
  if (file === undefined)
    throw new Error(`Node's licence is not found (${files.join(', ')}): the executable contains Node`);
  return readFileSync(file, 'utf8');
}

/**
 * What an executable of this system needs in an image that is otherwise empty: the shared libraries and the loader, their
 * licences, and the files in which programs look up names. Works on Debian and its relatives, where dpkg knows licences.
 */
export function systemFiles(executable: string): readonly Entry[] {
  const libraries = librariesOf(execFileSync('ldd', [executable], { encoding: 'utf8' }));
  const packages = new Set(libraries.map(packageOf));
  return [
    ...libraries.map((path) => copied(path, 0o755)),
    ...[...packages].map((name) => copied(`/usr/share/doc/${name}/copyright`, 0o644)),
    text('etc/passwd', 'root:x:0:0:root:/root:/sbin/nologin\n'),
    text('etc/group', 'root:x:0:\n'),
    text('etc/nsswitch.conf', 'hosts: files dns\n'),
    { path: 'root', mode: 0o700 },
    { path: 'tmp', mode: 0o1777 },
    { path: 'work', mode: 0o755 },
  ];
}

/** `libc6` of /lib/x86_64-linux-gnu/libc.so.6, however its folder is linked. */
function packageOf(path: string): string {
  const real = realpathSync(path);
  for (const each of [path, real, real.replace(/^\/usr/, '')])
    try {
      const owner = execFileSync('dpkg', ['--search', each], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return (owner.split('\n')[0] ?? '').replace(/:.*$/, '');
    } catch {
      // Not under this path.
    }
  throw new Error(`dpkg does not know which package has ${path}: build the image on Debian or Ubuntu`);
}

function copied(path: string, mode: number): Entry {
  return { path: path.slice(1), mode, content: readFileSync(path) };
}

function text(path: string, content: string): Entry {
  return { path, mode: 0o644, content: Buffer.from(content) };
}
