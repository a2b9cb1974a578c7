import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EtcdCredentials } from '../../src/etcd/client.ts';
import { issueCa } from '../../src/pki/issue.ts';
import { generateRsaKey } from '../../src/pki/keys.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { connectTo } from '../local-stream.ts';
import { caSpec, context, leafSpec, makeLeaf, sampleCluster } from '../samples/pki.ts';

/** etcd's JSON gateway in this process, over TLS with client certificates. */
export interface FakeEtcd {
  readonly keys: Map<string, string>;
  /** Status and body to return instead of the server's. */
  answer: (() => readonly [status: number, body: object]) | undefined;
  /** A stream as a host's `forward` returns it. */
  connect(): Promise<Duplex>;
  close(): Promise<void>;
}

/** An etcd CA, a server certificate for 127.0.0.1 and localhost, and a client certificate. */
export async function etcdPki(): Promise<{
  readonly server: KeyPair;
  readonly credentials: EtcdCredentials;
}> {
  const cluster = sampleCluster();
  const using = { ...context, now: new Date() };
  const key = await generateRsaKey();
  const ca = { cert: issueCa(caSpec(cluster, 'etcd-ca'), key, using), key };
  const server = await makeLeaf(leafSpec(cluster, 'etcd-server', 'cp1'), ca, using);
  const client = await makeLeaf(leafSpec(cluster, 'apiserver-etcd-client', 'cp1'), ca, using);
  return { server, credentials: { caPem: ca.cert, certificatePem: client.cert, keyPem: client.key } };
}

export async function startEtcd(server: KeyPair, clientCa: string): Promise<FakeEtcd> {
  const keys = new Map<string, string>();
  const streams: Duplex[] = [];
  const listener = https.createServer(
    { cert: server.cert, key: server.key, ca: clientCa, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [status, body] = fake.answer?.() ?? [
          200,
          usual(request.url ?? '', Buffer.concat(chunks).toString()),
        ];
        response.writeHead(status).end(JSON.stringify(body));
      });
    },
  );
  const usual = (path: string, text: string): object => {
    if (path === '/version') return { etcdserver: '3.6.8', etcdcluster: '3.6.0' };
    const asked = JSON.parse(text) as { key: string; range_end?: string };
    const plain = (base64: string): string => Buffer.from(base64, 'base64').toString();
    const inside = (key: string): boolean =>
      asked.range_end === undefined
        ? key === plain(asked.key)
        : key >= plain(asked.key) && key < plain(asked.range_end);
    const hits = [...keys].filter(([key]) => inside(key));
    // As in the gateway: zeros are omitted, 64-bit numbers are strings.
    return {
      header: { cluster_id: '14841639068965178418' },
      ...(hits.length > 0 && {
        count: String(hits.length),
        kvs: hits.map(([, value]) => ({ value: Buffer.from(value).toString('base64') })),
      }),
    };
  };
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const fake: FakeEtcd = {
    keys,
    answer: undefined,
    connect: () => connectTo(port, streams),
    close: () =>
      new Promise((resolve) => {
        for (const stream of streams) stream.destroy();
        listener.closeAllConnections();
        listener.close(() => {
          resolve();
        });
      }),
  };
  return fake;
}
