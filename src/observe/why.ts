import { KbootError } from '../model/error.ts';

/** Why a connection through a host failed, as reported by the host: `Connection refused`. */
export function whyNot(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const detail = cause instanceof KbootError ? (cause.context.detail ?? '') : '';
  return detail === '' ? cause.message : detail.replace(/^\(SSH\) Channel open failure: /, '');
}
