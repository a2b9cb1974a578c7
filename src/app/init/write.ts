import { lstat, open, rm } from 'node:fs/promises';
import { KbootError } from '../../model/error.ts';
import { systemCode } from '../../store/file-error.ts';
import { remedies } from '../remedies.ts';

/** Throws KbootError E-USAGE if the path already exists; call before any prompt. */
export async function refuseExisting(file: string, command = 'init'): Promise<void> {
  const found = await lstat(file).catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw unwritable(file, cause);
  });
  if (found !== undefined) throw existing(file, command);
}

/** Writes a new file with mode 0644, less the umask. Throws KbootError E-USAGE. */
export async function writeNewFile(file: string, text: string, command = 'init'): Promise<void> {
  const handle = await open(file, 'wx', 0o644).catch((cause: unknown) => {
    throw systemCode(cause) === 'EEXIST' ? existing(file, command) : unwritable(file, cause);
  });
  try {
    await handle.writeFile(text);
    await handle.close();
  } catch (cause) {
    await rm(file, { force: true });
    throw unwritable(file, cause);
  }
}

function existing(file: string, command: string): KbootError {
  return new KbootError('E-USAGE', `${file} already exists; kboot ${command} overwrites nothing.`, {
    remedy: remedies.otherInventoryFile({ command, file }),
  });
}

function unwritable(file: string, cause: unknown): KbootError {
  return new KbootError('E-USAGE', `Cannot write ${file}.`, {
    detail: cause instanceof Error ? cause.message : String(cause),
    remedy: remedies.existingFolder,
    cause,
  });
}
