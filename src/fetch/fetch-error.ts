import { KbootError } from '../model/error.ts';

const network =
  'Look at the network, the name servers and the firewall of this machine. HTTPS_PROXY names a proxy; `--mirror` and `--image-repository` name other places.';
const silent = `Run the same command again. ${network}`;
const again = 'Run the same command again: what has come whole is not fetched again.';
const trust =
  'If a proxy or a mirror of yours stands there, name its CA: NODE_EXTRA_CA_CERTS=FILE. Do not go on otherwise.';

/** Code of a failed connection: what is said, and what to do. */
const reasons: Readonly<Record<string, readonly [says: string, remedy: string]>> = {
  ENOTFOUND: ['the name does not resolve', network],
  EAI_AGAIN: ['the name server does not answer', network],
  ECONNREFUSED: ['the connection was refused', silent],
  EHOSTUNREACH: ['no way leads there', silent],
  ENETUNREACH: ['no way leads there', silent],
  ETIMEDOUT: ['no connection in time', silent],
  ECONNRESET: ['the connection broke off', again],
  EPIPE: ['the connection broke off', again],
  CERT_HAS_EXPIRED: ['the certificate has expired', trust],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['the certificate is of no CA that this machine knows', trust],
  ERR_TLS_CERT_ALTNAME_INVALID: ['the certificate is for another name', trust],
  SELF_SIGNED_CERT_IN_CHAIN: ['the certificate is of no CA that this machine knows', trust],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['the certificate is of no CA that this machine knows', trust],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['the certificate is of no CA that this machine knows', trust],
};

/** E-FETCH for a connection that could not be made or did not hold. */
export function brokenError(url: URL, cause: unknown): KbootError {
  const { code, hostname, message } = cause as { code?: unknown; hostname?: unknown; message?: unknown };
  const said = typeof message === 'string' ? message : String(cause);
  const [says, remedy] = reasons[String(code)] ?? [said, network];
  // A proxy's name is another one than the URL's.
  const name = typeof hostname === 'string' && hostname !== url.hostname ? ` (${hostname})` : '';
  return new KbootError('E-FETCH', `${shown(url)}: ${says}${name}`, { cause, remedy });
}

/** E-FETCH for a server that says nothing any more, or has not begun. */
export function silentError(url: URL, silenceMs: number): KbootError {
  return new KbootError('E-FETCH', `${shown(url)}: nothing came for ${silenceMs / 1000} s`, {
    remedy: silent,
  });
}

/** E-FETCH for an answer that is none: a status other than 200; `whose` follows it. */
export function statusError(url: URL, status: number, whose = ''): KbootError {
  return new KbootError('E-FETCH', `${shown(url)}: HTTP status ${status}${whose}`, {
    remedy: statusRemedy(status),
  });
}

function statusRemedy(status: number): string {
  if (status === 404)
    return 'It is not there. Look at the version; a mirror has the paths of the official hosts.';
  if (status === 401 || status === 403)
    return 'It is not there, or not for everybody: kboot fetches without a login. A proxy may refuse, too.';
  if (status === 407) return 'The proxy wants a login: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT.';
  if (status === 429) return `The server limits who fetches much. Wait. ${again}`;
  return again;
}

/** E-FETCH for bytes that are not those that were asked for. */
export function wrongBytes(what: string, detail: string): KbootError {
  return new KbootError('E-FETCH', `${what}: ${detail}`, {
    remedy: `Nothing of it was kept. ${again} If it stays so, a proxy, a mirror or somebody else changes it on the way.`,
  });
}

/** A URL without its query, which may hold a signature that opens what it names. */
export function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
