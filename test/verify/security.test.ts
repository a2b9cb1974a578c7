import https from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import { eventRateLimit } from '../../src/verify/security/event-rate-limit.ts';
import type { Server } from '../../src/verify/security/server.ts';
import { bootstrapToken, tokenExtension, tokenLifetime } from '../../src/verify/security/tokens.ts';
import { fakePki } from '../kube/api-server.ts';
import { verifyCluster } from '../samples/verify.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** An API that answers so, and what it was asked. */
function api(answer: (asked: Asked, number: number) => { status: number; body?: unknown }): {
  readonly kube: KubeClient;
  readonly asked: readonly Asked[];
} {
  const asked: Asked[] = [];
  const kube: KubeClient = {
    request(method, path, { body } = {}) {
      asked.push({ method, path, body });
      const { status, body: told = {} } = answer({ method, path, body }, asked.length);
      return Promise.resolve({ status, body: told });
    },
    close: () => undefined,
  };
  return { kube, asked };
}

const tokenOf = (seconds: number): string =>
  ['e30', Buffer.from(JSON.stringify({ iat: 1000, exp: 1000 + seconds })).toString('base64url'), 'x'].join(
    '.',
  );

const cluster = verifyCluster();
const namespace = 'kboot-verify-1';

describe('tokens', () => {
  const bounded = {
    ...cluster,
    security: { ...cluster.security, maxTokenSeconds: 86_400, extendTokens: false },
  };

  it.each([
    [86_400, true, '24 h'],
    [315_360_000, false, '87600 h'],
  ])('%i s of a request for ten years: %s', async (seconds, ok, shown) => {
    // What the answer states is not what the token says.
    const { kube } = api((_, number) =>
      number === 1
        ? { status: 404 }
        : { status: 201, body: { status: { token: tokenOf(seconds), expirationTimestamp: '2020-01-01' } } },
    );
    expect(await tokenLifetime({ cluster: bounded, kube, namespace })).toEqual({
      ok,
      found: `a token requested for ten years is valid for ${shown}`,
    });
  });

  it.each([
    [3607, true, '1 h'],
    [31_536_000, false, '8760 h'],
  ])('%i s of the token of a Pod: %s', async (seconds, ok, shown) => {
    const { kube, asked } = api(() => ({ status: 201, body: { status: { token: tokenOf(seconds) } } }));
    expect(await tokenExtension({ cluster: bounded, kube, namespace })).toEqual({
      ok,
      found: `the token of a Pod is valid for ${shown}`,
    });
    expect(asked.map(({ path }) => path)).toEqual([
      `/api/v1/namespaces/${namespace}/pods`,
      `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
    ]);
    expect(asked[1]?.body).toMatchObject({
      spec: { expirationSeconds: 3607, boundObjectRef: { kind: 'Pod' } },
    });
  });
});

describe('bootstrap tokens', () => {
  let server: https.Server;
  let status = 401;
  const bearers: (string | undefined)[] = [];
  beforeAll(async () => {
    const pki = await fakePki();
    server = https.createServer(pki.server, (request, response) => {
      bearers.push(request.headers.authorization);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(() => {
    server.close();
  });
  const apiServer: Server = {
    ...{ host: 'cp-1', name: 'kube-apiserver', address: '127.0.0.1', port: 6443 },
    open: () =>
      new Promise((resolve) => {
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
          resolve(socket);
        });
      }),
  };

  it.each([
    [401, true, /is refused/],
    [403, false, /authenticates \(403\)/],
    [200, false, /authenticates \(200\)/],
  ])('a server that answers %i: %s', async (answer, ok, found) => {
    status = answer;
    bearers.length = 0;
    const { kube, asked } = api(({ method }) => ({ status: method === 'POST' ? 201 : 200 }));
    const result = await bootstrapToken(kube, apiServer);
    expect(result.ok).toBe(ok);
    expect(result.found).toMatch(found);
    const [made, removed] = asked;
    const { stringData, metadata } = made?.body as {
      stringData: Record<string, string>;
      metadata: { name: string };
    };
    expect(new Set(bearers)).toEqual(
      new Set([`Bearer ${stringData['token-id'] ?? ''}.${stringData['token-secret'] ?? ''}`]),
    );
    expect(Object.keys(stringData).sort()).toEqual([
      ...['expiration', 'token-id', 'token-secret', 'usage-bootstrap-authentication'],
    ]);
    expect(removed).toMatchObject({
      method: 'DELETE',
      path: `/api/v1/namespaces/kube-system/secrets/${metadata.name}`,
    });
  });
});

describe('bounds of events', () => {
  const line = (name: string, count: number): string =>
    `apiserver_admission_controller_admission_duration_seconds_count{name="${name}",operation="CREATE",rejected="false",type="validate"} ${count}\n`;
  it.each([
    ['an event has passed the plugin', line('EventRateLimit', 3), true],
    ['none has', line('EventRateLimit', 0), false],
    ['it is not on', line('NodeRestriction', 7), false],
  ])('%s', async (_, metrics, ok) => {
    const { kube } = api(({ method }) =>
      method === 'POST' ? { status: 201 } : { status: 200, body: metrics },
    );
    expect((await eventRateLimit(kube, namespace, 'mark')).ok).toBe(ok);
  });
});
