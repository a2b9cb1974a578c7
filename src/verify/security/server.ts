import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { KubeCredentials } from '../../kube/client.ts';
import { overStream } from '../stream.ts';

const timeoutMs = 8000;

/** A TLS server, reached from one of the hosts. */
export interface Server {
  readonly host: string;
  /** `kube-apiserver` */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  open(): Promise<Duplex>;
}

type Certificate = Pick<KubeCredentials, 'certificatePem' | 'keyPem'>;
type Client = Certificate | undefined;

/** A bearer token of a user. */
export interface Bearer {
  readonly token: string;
}

function optionsOf({ address }: Server, stream: Duplex, client: Client): tls.ConnectionOptions {
  return {
    socket: stream,
    host: address,
    ...(isIP(address) === 0 && { servername: address }),
    ...(client !== undefined && { cert: client.certificatePem, key: client.keyPem }),
  };
}

/** The status of the answer to a GET, whoever signed the server's certificate. Rejects if there is no answer. */
export async function getStatus(server: Server, path: string, client: Client | Bearer): Promise<number> {
  const [certificate, bearer] =
    client === undefined || 'certificatePem' in client ? [client] : [undefined, client.token];
  return await overStream(
    () => server.open(),
    timeoutMs,
    (stream) =>
      new Promise((resolve, reject) => {
        const socket = tls.connect({
          ...optionsOf(server, stream, certificate),
          rejectUnauthorized: false,
        });
        socket.once('error', reject);
        socket.once('close', () => {
          reject(new Error('the connection was closed'));
        });
        const request = http.request({
          createConnection: () => socket,
          path,
          headers: {
            ...{ host: 'localhost', connection: 'close' },
            ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
          },
        });
        request.once('error', reject);
        request.once('response', (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        request.end();
      }),
  );
}

/** Why a client that trusts only this CA would not connect; undefined: it would. */
export async function distrust(server: Server, caPem: string): Promise<string | undefined> {
  return await handshake(server, { ca: caPem });
}

/** Whether the server takes a protocol or ciphers that `tls: strong` excludes. */
export async function takesWeakTls(server: Server, client: Client): Promise<string | undefined> {
  const strong = await handshake(server, { rejectUnauthorized: false, minVersion: 'TLSv1.2' }, client);
  if (strong !== undefined) throw new Error(strong);
  const offers = {
    'TLS 1.1': { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    'ciphers without authenticated encryption': {
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES256-SHA:ECDHE-ECDSA-AES256-SHA',
    },
    'ciphers without forward secrecy': {
      maxVersion: 'TLSv1.2',
      ciphers: 'AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA',
    },
  } as const;
  for (const [name, offer] of Object.entries(offers))
    if ((await handshake(server, { ...offer, rejectUnauthorized: false }, client)) === undefined) return name;
  return undefined;
}

/** What went wrong in a handshake; undefined: nothing. Rejects if the server cannot be reached. */
async function handshake(
  server: Server,
  options: tls.ConnectionOptions,
  client?: Client,
): Promise<string | undefined> {
  return await overStream(
    () => server.open(),
    timeoutMs,
    (stream) =>
      new Promise((resolve) => {
        const socket = tls.connect({ ...optionsOf(server, stream, client), ...options });
        socket.once('secureConnect', () => {
          resolve(undefined);
        });
        socket.once('error', (error: Error) => {
          resolve(error.message);
        });
        socket.once('close', () => {
          resolve('the connection was closed');
        });
      }),
  );
}
