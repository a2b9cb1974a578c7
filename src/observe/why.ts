import { KbootError } from '../model/error.ts';

/** Why a connection through a host failed, as reported by the host: `Connection refused`. */
export function whyNot(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const detail = cause instanceof KbootError ? (cause.context.detail ?? '') : '';
  return detail === '' ? cause.message : detail.replace(/^\(SSH\) Channel open failure: /, '');
}

/** Whether TLS failed because the certificate of the server has expired; everything else about it is right. */
export function hasExpired(error: unknown): boolean {
  const cause = error instanceof KbootError ? error.context.cause : error;
  return cause instanceof Error && 'code' in cause && cause.code === 'CERT_HAS_EXPIRED';
}
