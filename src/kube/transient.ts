import type { KbootError } from '../model/error.ts';

/** Client errors that end by themselves: permissions and objects that are still being created, a conflict, too many requests. */
const passing: readonly number[] = [403, 404, 409, 429];

/**
 * Whether the same request to the Kubernetes API may succeed a moment later: no response was received, the server
 * failed, or an API server that has just started answered before its own objects existed.
 */
export function isTransient({ code, context: { httpStatus } }: KbootError): boolean {
  if (code !== 'E-KUBE-API') return false;
  return httpStatus === undefined || httpStatus < 400 || httpStatus >= 500 || passing.includes(httpStatus);
}
