import { X509Certificate } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { observeServedCertificate } from '../../src/observe/served-certificate.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import type { Reader } from '../../src/transport/types.ts';
import { connectTo } from '../local-stream.ts';
import { caSpec, context, leafSpec, makeCa, makeLeaf, sampleCluster } from '../samples/pki.ts';

let ca: KeyPair;
let expired: KeyPair;
const servers: Server[] = [];

beforeAll(async () => {
  const cluster = sampleCluster();
  ca = await makeCa(caSpec(cluster, 'etcd-ca'), context);
  const past = { ...context, now: new Date('2027-03-01T00:00:00Z') };
  expired = await makeLeaf(leafSpec(cluster, 'etcd-server', 'cp1'), ca, past);
}, 60_000);
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<Reader> {
  servers.push(server);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: 'cp-1',
    stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    read: () => Promise.reject(new Error('nothing is executed')),
    forward: () => connectTo(port),
  };
}
const ask = (reader: Reader): Promise<X509Certificate | string> =>
  observeServedCertificate(reader, '127.0.0.1', 2379);

it.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'is read whatever its dates and its issuer, and if the server demands one of the client (%s)',
  async (version) => {
    const server = tls.createServer({
      ...{ cert: expired.cert, key: expired.key, ca: ca.cert, minVersion: version, maxVersion: version },
      ...{ requestCert: true, rejectUnauthorized: true },
    });
    const seen = await ask(await listening(server));
    expect(seen).toBeInstanceOf(X509Certificate);
    expect(seen).toMatchObject({ fingerprint256: new X509Certificate(expired.cert).fingerprint256 });
  },
);

it('without one it says why', async () => {
  const plain = createServer((socket) => socket.end('SSH-2.0-x\r\n'));
  expect(await ask(await listening(plain))).toBe('it does not speak TLS');
  const silent = createServer((socket) => socket.destroy());
  expect(await ask(await listening(silent))).toMatch(/closed|ECONNRESET|disconnected/);
  const refused: Reader = {
    ...(await listening(createServer())),
    forward: () => Promise.reject(new Error('Connection refused')),
  };
  expect(await ask(refused)).toBe('Connection refused');
});
