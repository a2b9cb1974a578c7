import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { systemCode, unreadable } from './file-error.ts';
import { sentences, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

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
      throw refusal(
        given,
        `${join(directory, 'bundle.json')} ${unreadable(cause)}`,
        remedies.readableOrOther,
        cause,
      );
    const begun = layout.some((name) => isFolder(join(directory, name)));
    throw refusal(
      given,
      begun
        ? `${directory} has no bundle.json, the index of a bundle`
        : `${directory} is not a bundle: it has neither bundle.json nor any of ${layout.map((name) => `${name}/`).join(', ')}`,
      begun ? remedies.completeBundle({ directory }) : remedies.folderOfBundle({ directory }),
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
    throw refusal(
      given,
      `${directory} ${unreadable(cause)}`,
      missing ? remedies.folderOfBundle({ directory }) : remedies.readableOrOther,
      cause,
    );
  }
  throw refusal(given, `${directory} is a file; a bundle is a folder`, remedies.unpackBundle);
}

function refusal({ by }: GivenBundle, what: string, remedy: Text, cause?: unknown): KbootError {
  const prefix = by === undefined ? '' : `${by}: `;
  return new KbootError('E-BUNDLE', `${prefix}${what}`, {
    remedy: sentences(remedy, by === 'KBOOT_BUNDLE' ? remedies.unsetBundle : undefined),
    ...(cause !== undefined && { cause }),
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
