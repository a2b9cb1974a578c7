import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { systemCode, unreadable } from './file-error.ts';

/** A bundle's folder, and how the operator specified it; absent: as the argument of a `kboot bundle` command. */
export interface GivenBundle {
  readonly directory: string;
  readonly by?: '--bundle' | 'KBOOT_BUNDLE';
}

const layout = ['bin', 'archives', 'images'];

/**
 * The text of a bundle's index. Throws KbootError E-BUNDLE that says what is at that path instead, and which command
 * to run.
 */
export function readIndex(given: GivenBundle): string {
  refuseNoFolder(given);
  const { directory } = given;
  try {
    return readFileSync(join(directory, 'bundle.json'), 'utf8');
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT')
      throw refusal(given, `${join(directory, 'bundle.json')} ${unreadable(cause)}`, readable, cause);
    const begun = layout.some((name) => isFolder(join(directory, name)));
    throw refusal(
      given,
      begun
        ? `${directory} has no bundle.json, the index of a bundle`
        : `${directory} is not a bundle: it has neither bundle.json nor any of ${layout.map((name) => `${name}/`).join(', ')}`,
      begun
        ? `\`kboot bundle create ${directory}\` fetches what is missing and writes it; \`kboot bundle index ${directory}\` writes it for the existing files.`
        : other(directory),
      cause,
    );
  }
}

/** Throws KbootError E-BUNDLE unless the path is a folder. */
export function refuseNoFolder(given: GivenBundle): void {
  const { directory } = given;
  try {
    if (statSync(directory).isDirectory()) return;
  } catch (cause) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '');
    throw refusal(given, `${directory} ${unreadable(cause)}`, missing ? other(directory) : readable, cause);
  }
  throw refusal(
    given,
    `${directory} is a file; a bundle is a folder`,
    'Specify the folder that contains bundle.json; unpack an archive of a bundle first.',
  );
}

function refusal({ by }: GivenBundle, what: string, remedy: string, cause?: unknown): KbootError {
  const prefix = by === undefined ? '' : `${by}: `;
  const without = by === 'KBOOT_BUNDLE' ? ' To run without a bundle, unset KBOOT_BUNDLE.' : '';
  return new KbootError('E-BUNDLE', `${prefix}${what}`, {
    remedy: `${remedy}${without}`,
    ...(cause !== undefined && { cause }),
  });
}

const readable = 'Run kboot as a user who can read it, or specify another folder.';

function other(directory: string): string {
  return `Specify the folder that contains bundle.json, or create a bundle: \`kboot bundle create ${directory}\`.`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
