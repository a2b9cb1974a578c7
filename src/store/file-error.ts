import { KbootError } from '../model/error.ts';

/** The `code` of a Node system error (`ENOENT`), or undefined. */
export function systemCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

/** Why a file given by the operator cannot be read: a phrase that follows its path. */
export function unreadable(cause: unknown): string {
  const code = systemCode(cause) ?? String(cause);
  return reasons[code] ?? `cannot be read (${code})`;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'is not readable by you',
};

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on that file system and run the same command again.',
  EDQUOT: 'Free space on that file system and run the same command again.',
  EROFS: 'The file system is read-only; specify a folder elsewhere.',
  EACCES: 'Run kboot as the owner of that folder, or specify another.',
  EPERM: 'Run kboot as the owner of that folder, or specify another.',
};

/** E-STATE for a file of the operator that could not be read or written. */
export function fileError(message: string, path: string, cause: unknown): KbootError {
  const remedy = remedies[systemCode(cause) ?? ''];
  return new KbootError('E-STATE', `${message}: ${path}`, {
    detail: cause instanceof Error ? cause.message : String(cause),
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
