import http from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkHealthz } from '../../src/apply/healthz.ts';
import type { Reader } from '../../src/transport/types.ts';

let status = 200;
const asked: string[] = [];
const server = http.createServer((request, response) => {
  asked.push(`${request.url ?? ''} at ${request.headers.host ?? ''}`);
  response.writeHead(status).end('ok');
});
beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterEach(() => new Promise((resolve) => server.close(resolve)));

const reader: Reader = {
  host: 'cp-1',
  stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
  read: () => Promise.reject(new Error('not in this test')),
  forward: (address, port) => {
    asked.push(`${address}:${port}`);
    return Promise.resolve(connect((server.address() as AddressInfo).port, '127.0.0.1'));
  },
};

it("requests the kubelet's healthz on its host, and returns its status", async () => {
  expect(await checkHealthz(reader, { address: '127.0.0.1', port: 10248 })).toBeUndefined();
  expect(asked).toEqual(['127.0.0.1:10248', '/healthz at 127.0.0.1:10248']);
  status = 500;
  expect(await checkHealthz(reader, { address: '127.0.0.1', port: 10248 })).toBe(
    'its healthz returned status 500',
  );
});
