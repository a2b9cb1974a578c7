import { KbootError } from '../model/error.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

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

const remedyOf: Readonly<Record<string, Text>> = {
  ENOSPC: remedies.freeSpace,
  EDQUOT: remedies.freeSpace,
  EROFS: remedies.readOnly,
  EACCES: remedies.ownerOrOther,
  EPERM: remedies.ownerOrOther,
};

/** E-STATE for a file of the operator that could not be read or written. */
export function fileError(message: string, path: string, cause: unknown): KbootError {
  const remedy = remedyOf[systemCode(cause) ?? ''];
  return new KbootError('E-STATE', `${message}: ${path}`, {
    detail: cause instanceof Error ? cause.message : String(cause),
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
