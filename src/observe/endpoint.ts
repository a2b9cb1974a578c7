import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { isSignedBy, parseCertificates } from '../pki/parse.ts';
import type { Reader } from '../transport/types.ts';
import type { EndpointAddress } from './endpoint-probe.ts';
import { whyNot } from './why.ts';

/** What a client with the cluster's CA found at the control-plane endpoint. */
export type EndpointAnswer =
  | { readonly kind: 'ready' }
  /** Nothing that speaks TLS, yet: a load balancer without servers, a port that refuses. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'not-ready'; readonly why: string }
  /** Its certificate is none of an API server of this cluster. */
  | { readonly kind: 'stranger'; readonly why: string };

const timeoutMs = 8_000;

/**
 * Requests /readyz of the endpoint from a host, as a client that trusts only `caPem`. Without a CA (none is issued
 * yet) any TLS server there is a stranger. Presents no client certificate. Never rejects.
 */
export async function observeEndpoint(
  reader: Reader,
  endpoint: EndpointAddress,
  caPem: string | undefined,
): Promise<EndpointAnswer> {
  let stream: Duplex | undefined;
  try {
    stream = await reader.forward(endpoint.host, endpoint.port);
    return await readyz(stream, endpoint.host, caPem);
  } catch (cause) {
    return { kind: 'nothing', why: whyNot(cause) };
  } finally {
    stream?.destroy();
  }
}

/** Whether the certificate is one of this cluster and only its dates are wrong. */
function isExpired(socket: tls.TLSSocket, caPem: string): boolean {
  // Of several problems OpenSSL tells the last, so the signature is checked here.
  const certificate = socket.getPeerX509Certificate();
  const code: unknown = socket.authorizationError;
  if (code !== 'CERT_HAS_EXPIRED' || certificate === undefined) return false;
  return (parseCertificates(caPem) ?? []).some((ca) => isSignedBy(certificate, ca));
}

function readyz(stream: Duplex, host: string, caPem: string | undefined): Promise<EndpointAnswer> {
  const socket = tls.connect({
    socket: stream,
    host,
    servername: isIP(host) === 0 ? host : '',
    ...(caPem !== undefined && { ca: caPem }),
    // Checked below: an unsuitable certificate is an answer too.
    rejectUnauthorized: false,
    // The name comes from the inventory: if it is new, this run adds it to the certificate.
    checkServerIdentity: () => undefined,
  });
  return new Promise((resolve) => {
    const nothing = (why: string): void => {
      resolve({ kind: 'nothing', why });
      socket.destroy();
    };
    const timer = setTimeout(() => {
      nothing(`no response in ${timeoutMs / 1000} s`);
    }, timeoutMs);
    socket.on('error', (cause: Error) => {
      nothing(
        /wrong version number|packet length/.test(cause.message) ? 'it does not speak TLS' : cause.message,
      );
    });
    socket.once('close', () => {
      clearTimeout(timer);
      nothing('the connection was closed');
    });
    socket.once('secureConnect', () => {
      if (caPem !== undefined && isExpired(socket, caPem)) {
        resolve({ kind: 'not-ready', why: 'its certificate has expired' });
        socket.destroy();
        return;
      }
      if (!socket.authorized || caPem === undefined) {
        const why = caPem === undefined ? 'this cluster has none yet' : String(socket.authorizationError);
        const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } };
        resolve({ kind: 'stranger', why: `a certificate of ${subject?.CN ?? 'no name'} (${why})` });
        socket.destroy();
        return;
      }
      const request = http.request({
        createConnection: () => socket,
        path: '/readyz',
        headers: { host, connection: 'close' },
      });
      request.once('error', (cause) => {
        nothing(cause.message);
      });
      request.once('response', (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        resolve(
          statusCode === 200
            ? { kind: 'ready' }
            : { kind: 'not-ready', why: `/readyz returned ${statusCode}` },
        );
        socket.destroy();
      });
      request.end();
    });
  });
}
