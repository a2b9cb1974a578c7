import { lstat, open, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KbootError } from '../model/error.ts';
import { readText, writeAtomic } from './atomic.ts';
import { fileError, systemCode } from './file-error.ts';
import { remedies } from './remedies.ts';

/** The kubeconfigs that kubectl reads. */
export interface KubeconfigFiles {
  /** In the order of precedence. */
  readonly all: readonly string[];
  /** Where kubectl puts what is in none of them. */
  readonly fresh: string;
}

/**
 * By client-go's rules (tools/clientcmd/config.go, loader.go): the files of KUBECONFIG, or else ~/.kube/config; what is new goes
 * into the first that exists, or into the last one.
 */
export function kubeconfigFiles(variable: string | undefined, home: string): KubeconfigFiles {
  const listed = [...new Set((variable ?? '').split(delimiter).filter((file) => file !== ''))];
  const all = listed.length === 0 ? [join(home, '.kube', 'config')] : listed.map((file) => resolve(file));
  const fresh = all.find((file) => existsSync(file)) ?? all.at(-1) ?? '';
  return { all, fresh };
}

/** How long another program may hold a lock; kubectl needs milliseconds. */
const patienceMs = 10_000;

/**
 * Runs `act` while it holds the locks of these files as client-go does: FILE.lock, created exclusively, in the order of names;
 * also those of the files that links lead to. Throws KbootError E-STATE if another program does not give one up.
 */
export async function withKubeconfigLocks<T>(
  files: readonly string[],
  act: () => Promise<T>,
  patience = patienceMs,
): Promise<T> {
  const targets = await Promise.all(files.map((file) => followed(file)));
  const held: string[] = [];
  try {
    for (const file of [...new Set([...files, ...targets])].sort()) {
      await take(`${file}.lock`, patience);
      held.push(`${file}.lock`);
    }
    return await act();
  } finally {
    await Promise.all(held.map((path) => rm(path, { force: true })));
  }
}

async function take(path: string, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Mode 0, as client-go: nobody reads it.
      await (await open(path, 'wx', 0)).close();
      return;
    } catch (cause) {
      if (systemCode(cause) !== 'EEXIST') throw fileError('The lock file cannot be written', path, cause);
    }
    if (performance.now() > deadline) {
      const since = await stat(path).then(
        ({ mtime }) => `, since ${mtime.toISOString()}`,
        () => '',
      );
      throw new KbootError('E-STATE', `another program is changing the kubeconfig: ${path} exists${since}`, {
        remedy: remedies.kubeconfigIsLocked({ path }),
      });
    }
    await sleep(50);
  }
}

/**
 * Replaces the text of a kubeconfig, mode 0600: of the file that a link leads to; the link stays. The former file is kept beside
 * it. Returns the path of that copy; undefined if there was no file. Throws KbootError E-STATE.
 */
export async function replaceKubeconfig(file: string, text: string, now: Date): Promise<string | undefined> {
  const target = await followed(file);
  const backup = existsSync(target) ? await keep(target, now) : undefined;
  try {
    await writeAtomic(target, text, 0o600);
  } catch (error) {
    // A file that is mounted by itself cannot be replaced by another one.
    const code = error instanceof KbootError ? systemCode(error.context.cause) : undefined;
    if (code !== 'EBUSY' && code !== 'EXDEV') throw error;
    await writeFile(target, text).catch((cause: unknown) => {
      throw fileError('The kubeconfig cannot be written', target, cause);
    });
  }
  return backup;
}

const backupName = /\.kboot-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;
/** They hold private keys. */
const keptBackups = 5;

async function keep(target: string, now: Date): Promise<string> {
  const path = `${target}.kboot-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  try {
    const text = await readText(target);
    await writeAtomic(path, text ?? '', 0o600);
    const own = (await readdir(dirname(target)))
      .filter((name) => name.startsWith(`${basename(target)}.kboot-`) && backupName.test(name))
      .sort();
    for (const name of own.slice(0, -keptBackups)) await rm(join(dirname(target), name), { force: true });
  } catch (cause) {
    throw cause instanceof KbootError ? cause : fileError('The kubeconfig cannot be copied', path, cause);
  }
  return path;
}

/** Where links lead; also to a file that does not exist yet. Throws KbootError E-STATE for a circle. */
export async function followed(file: string): Promise<string> {
  let path = resolve(file);
  for (let links = 0; links < 40; links++) {
    const seen = await lstat(path).catch(() => undefined);
    if (seen?.isSymbolicLink() !== true) return path;
    path = resolve(dirname(path), await readlink(path));
  }
  throw new KbootError('E-STATE', `${file} is a link to itself`, { remedy: remedies.removeLink });
}
