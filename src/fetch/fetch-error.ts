import { KbootError } from '../model/error.ts';
import { sentences, type Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

const { network, fetchAgain: again, trustCa: trust } = remedies;
const silent = sentences(remedies.again, network);

/** Message and remedy by error code of a failed connection. */
const reasons: Readonly<Record<string, readonly [says: string, remedy: Text]>> = {
  ENOTFOUND: ['the name does not resolve', network],
  EAI_AGAIN: ['the name server does not respond', network],
  ECONNREFUSED: ['the connection was refused', silent],
  EHOSTUNREACH: ['no route to host', silent],
  ENETUNREACH: ['the network is unreachable', silent],
  ETIMEDOUT: ['the connection timed out', silent],
  ECONNRESET: ['the connection was lost', again],
  EPIPE: ['the connection was lost', again],
  CERT_HAS_EXPIRED: ['the certificate has expired', trust],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['the certificate is not signed by a CA that this machine trusts', trust],
  ERR_TLS_CERT_ALTNAME_INVALID: ['the certificate is for another name', trust],
  SELF_SIGNED_CERT_IN_CHAIN: ['the certificate is not signed by a CA that this machine trusts', trust],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'the certificate is not signed by a CA that this machine trusts',
    trust,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['the certificate is not signed by a CA that this machine trusts', trust],
};

/** Codes of connections that OpenSSL refuses because the certificate is not trusted. */
export const untrusted: ReadonlySet<string> = new Set(
  Object.entries(reasons).flatMap(([code, [, remedy]]) => (remedy === trust ? [code] : [])),
);

/** E-FETCH for a connection that could not be opened or was lost. */
export function brokenError(url: URL, cause: unknown): KbootError {
  const { code, hostname, message } = cause as { code?: unknown; hostname?: unknown; message?: unknown };
  const said = typeof message === 'string' ? message : String(cause);
  const [says, remedy] = reasons[String(code)] ?? [said, network];
  // A proxy's name differs from the URL's.
  const name = typeof hostname === 'string' && hostname !== url.hostname ? ` (${hostname})` : '';
  return new KbootError('E-FETCH', `${shown(url)}: ${says}${name}`, { cause, remedy });
}

/** E-FETCH for a server that stopped sending, or never started. */
export function silentError(url: URL, silenceMs: number): KbootError {
  return new KbootError('E-FETCH', `${shown(url)}: no data for ${silenceMs / 1000} s`, {
    remedy: silent,
  });
}

/** E-FETCH for a response with a status other than 200; `whose` follows the status. */
export function statusError(url: URL, status: number, whose = ''): KbootError {
  return new KbootError('E-FETCH', `${shown(url)}: HTTP status ${status}${whose}`, {
    remedy: statusRemedy(status),
  });
}

function statusRemedy(status: number): Text {
  if (status === 404) return remedies.notThere;
  if (status === 401 || status === 403) return remedies.needsLogin;
  if (status === 407) return remedies.proxyLogin;
  if (status === 429) return sentences(remedies.tooMany, again);
  return again;
}

/** E-FETCH for bytes that are not the expected ones. */
export function wrongBytes(what: string, detail: string): KbootError {
  return new KbootError('E-FETCH', `${what}: ${detail}`, {
    remedy: sentences(remedies.discarded, again, remedies.altered),
  });
}

/** A URL without its query, which may contain a signature that grants access. */
export function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
