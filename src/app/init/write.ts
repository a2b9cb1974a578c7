import { lstat, open, rm } from 'node:fs/promises';
import { KbootError } from '../../model/error.ts';
import { systemCode } from '../../store/file-error.ts';

/** Throws KbootError E-USAGE where something has that name already: before any question is asked. */
export async function refuseExisting(file: string): Promise<void> {
  const found = await lstat(file).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw unwritable(file, cause);
  });
  if (found !== undefined) throw existing(file);
}

/** Writes a file that was not there, for everyone to read as far as the umask lets them. Throws KbootError E-USAGE. */
export async function writeNewFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o644).catch((cause: unknown) => {
    throw systemCode(cause) === 'EEXIST' ? existing(file) : unwritable(file, cause);
  });
  try {
    await handle.writeFile(text);
    await handle.close();
  } catch (cause) {
    await rm(file, { force: true });
    throw unwritable(file, cause);
  }
}

function existing(file: string): KbootError {
  return new KbootError('E-USAGE', `${file} is there already; kboot init overwrites nothing.`, {
    remedy: `Name another file: \`kboot init FILE\`. \`kboot validate ${file}\` checks the one that is there.`,
  });
}

function unwritable(file: string, cause: unknown): KbootError {
  return new KbootError('E-USAGE', `${file} cannot be written.`, {
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy: 'Name a file in a folder that is there and that you may write to.',
    cause,
  });
}
