import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

/** A file that kboot writes where a flag says. */
export interface OwnFile {
  /** `--html` */
  readonly flag: string;
  /** `page of kboot` */
  readonly what: string;
  /** Text at the beginning of every such file, by which kboot knows it again. */
  readonly mark: string;
}

/** Refuses to replace anything but an empty file and an older one of the same kind. Throws KbootError E-USAGE. */
export function refuseOtherFile(file: string | undefined, { flag, what, mark }: OwnFile): void {
  const found = file === undefined ? undefined : lstatSync(file, { throwIfNoEntry: false });
  if (file === undefined || found === undefined) return;
  const why = !found.isFile()
    ? 'it is not a regular file'
    : found.size > 0 && !beginning(file).includes(mark)
      ? `the existing file is not a ${what}`
      : undefined;
  if (why === undefined) return;
  throw new KbootError('E-USAGE', `${flag} ${file}: ${why}; it was not changed`, {
    remedy: remedies.newFile({ what }),
  });
}

function beginning(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(2048);
    return bytes.toString('utf8', 0, readSync(handle, bytes));
  } finally {
    closeSync(handle);
  }
}
