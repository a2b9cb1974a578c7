import { spawnSync } from 'node:child_process';
import https from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endpointProbe, readEndpoint } from '../../src/observe/endpoint-probe.ts';
import { observeEndpoint } from '../../src/observe/endpoint.ts';
import type { EndpointSeen } from '../../src/model/inspection.ts';
import type { EndpointAnswer } from '../../src/observe/endpoint.ts';
import type { Reader } from '../../src/transport/types.ts';
import { fakePki, type FakePki } from '../kube/api-server.ts';
import { context, leafSpec, makeLeaf, sampleCluster } from '../samples/pki.ts';
import { connectTo } from '../local-stream.ts';

let pki: FakePki;
let stranger: FakePki;
const servers: Server[] = [];

beforeAll(async () => {
  [pki, stranger] = await Promise.all([fakePki(), fakePki()]);
}, 60_000);
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function readyz(status: number): Promise<number> {
  return listening(
    https.createServer(pki.server, (request, response) => {
      response.writeHead(request.url === '/readyz' ? status : 404).end();
    }),
  );
}

function ask(port: number, trust: FakePki | 'nobody' = pki): Promise<EndpointAnswer> {
  const reader: Reader = {
    host: 'w-1',
    stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    read: () => Promise.reject(new Error('nothing is executed')),
    forward: () => connectTo(port),
  };
  return observeEndpoint(reader, { host: '127.0.0.1', port }, trust === 'nobody' ? undefined : trust.ca.cert);
}

describe('an external endpoint, queried by a client of the cluster', () => {
  it('reaches a ready API server', async () => {
    expect(await ask(await readyz(200))).toEqual({ kind: 'ready' });
  });

  it('reaches an API server that is not ready', async () => {
    expect(await ask(await readyz(500))).toEqual({ kind: 'not-ready', why: '/readyz returned 500' });
  });

  it('reaches an API server whose certificate has expired; one of another cluster stays a stranger', async () => {
    const expiredServer = async ({ ca }: FakePki): Promise<number> => {
      const past = { ...context, now: new Date('2020-01-01T00:00:00Z') };
      const { cert, key } = await makeLeaf(leafSpec(sampleCluster(), 'apiserver', 'cp1'), ca, past);
      return listening(https.createServer({ cert, key }));
    };
    expect(await ask(await expiredServer(pki))).toEqual({
      ...{ kind: 'not-ready', why: 'its certificate has expired' },
    });
    expect(await ask(await expiredServer(stranger))).toMatchObject({ kind: 'stranger' });
  });

  it("leads to another cluster's, or to something else with TLS", async () => {
    const port = await readyz(200);
    expect(await ask(port, stranger)).toMatchObject({ kind: 'stranger' });
    expect(await ask(port, 'nobody')).toMatchObject({ kind: 'stranger' });
  });

  it('reaches no API server yet: nothing listens, or a load balancer without a backend closes the connection', async () => {
    const port = await listening(createServer((socket) => socket.destroy()));
    expect(await ask(port)).toMatchObject({ kind: 'nothing' });
    for (const server of servers.splice(0)) server.close();
    expect(await ask(port)).toMatchObject({
      kind: 'nothing',
      why: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('reaches a server that does not speak TLS', async () => {
    const port = await listening(createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    expect(await ask(port)).toEqual({ kind: 'nothing', why: 'it does not speak TLS' });
  });
});

describe('endpointProbe', () => {
  const probe = (host: string, port: number): EndpointSeen | undefined => {
    const { stdout } = spawnSync('sh', ['-s'], {
      input: `export LC_ALL=C${endpointProbe({ host, port })}`,
      encoding: 'utf8',
    });
    const values = (key: string): string[] =>
      stdout.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
    return readEndpoint(values('endpointAddress'), values('endpointTcp')[0] ?? '');
  };

  it('reports its result on this machine', async () => {
    // spawnSync blocks this process, but the kernel accepts the connection.
    const port = await listening(createServer());
    expect(probe('127.0.0.1', port)).toEqual({ addresses: ['127.0.0.1'], tcp: 'open', why: '' });
    for (const server of servers.splice(0)) server.close();
    expect(probe('127.0.0.1', port)).toMatchObject({ tcp: 'refused' });
    expect(probe('kboot-test.invalid', port)).toMatchObject({ addresses: [], tcp: 'lost' });
  });

  it('is undefined if it did not run', () => {
    expect(readEndpoint([], '')).toBeUndefined();
    expect(readEndpoint(['10.0.0.1'], 'lost No route to host')).toEqual({
      addresses: ['10.0.0.1'],
      tcp: 'lost',
      why: 'No route to host',
    });
  });
});
