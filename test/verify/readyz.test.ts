import https from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getReadyz } from '../../src/verify/readyz.ts';
import { fakePki, type FakePki } from '../kube/api-server.ts';

let pki: FakePki;
let server: https.Server;
let status = 200;
const clients: (string | undefined)[] = [];

beforeAll(async () => {
  pki = await fakePki();
  server = https.createServer(
    { ...pki.server, ca: pki.credentials.caPem, requestCert: true },
    (request, response) => {
      clients.push(request.url);
      response.writeHead(status).end('ok\n');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(() => {
  server.close();
});

function stream(): Promise<Duplex> {
  return new Promise((resolve) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      resolve(socket);
    });
  });
}

describe('getReadyz', () => {
  // The sample certificate is for cp1: its names and its address.
  it.each(['kubernetes', '10.99.7.11'])('queries a server whose certificate is for %s', async (host) => {
    expect(await getReadyz(await stream(), host, pki.credentials)).toEqual({ status: 200, body: 'ok' });
    expect(clients.at(-1)).toBe('/readyz');
  });

  it('returns the status unchanged', async () => {
    status = 500;
    expect((await getReadyz(await stream(), 'kubernetes', pki.credentials)).status).toBe(500);
    status = 200;
  });

  it.each(['10.99.7.12', 'api.example'])('refuses a certificate that is not for %s', async (host) => {
    await expect(getReadyz(await stream(), host, pki.credentials)).rejects.toThrow(/altnames/i);
  });

  it("refuses a certificate of another cluster's CA", async () => {
    const other = await fakePki();
    const credentials = { ...pki.credentials, caPem: other.credentials.caPem };
    await expect(getReadyz(await stream(), 'kubernetes', credentials)).rejects.toThrow(
      /certificate|signature/,
    );
  });
});
