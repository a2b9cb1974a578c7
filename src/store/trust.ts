import { readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { writeAtomic } from './atomic.ts';
import { remedies } from './remedies.ts';

/** The commands that this user agreed to: lines `SHA256  INVENTORY`, in the folder for settings of programs. */
function trustFile(): string {
  const stated = process.env['XDG_CONFIG_HOME'] ?? '';
  return join(stated.startsWith('/') ? stated : join(homedir(), '.config'), 'kboot', 'trusted');
}

/** Throws KbootError E-USAGE if others can write to the file. */
export function isTrusted(digest: string): boolean {
  return entries().some((line) => line.startsWith(`${digest}  `));
}

/** Remembers a digest in place of earlier ones of the same inventory. */
export async function trust(digest: string, inventory: string): Promise<void> {
  const others = entries().filter((line) => line.slice(66) !== inventory);
  await writeAtomic(trustFile(), [...others, `${digest}  ${inventory}`].map((line) => `${line}\n`).join(''));
}

function entries(): readonly string[] {
  const file = trustFile();
  try {
    const { mode, uid } = statSync(file);
    if ((mode & 0o022) !== 0 || (uid !== userInfo().uid && uid !== 0))
      throw new KbootError('E-USAGE', `${file} can be changed by other users`, {
        remedy: remedies.ownTrustFile({ file }),
      });
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if (error instanceof KbootError) throw error;
    return [];
  }
}
