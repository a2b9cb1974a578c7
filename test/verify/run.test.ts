import https from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type dns from 'dns-packet';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubeResponse } from '../../src/kube/client.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import type { Reader } from '../../src/transport/types.ts';
import { verifyCluster as verify } from '../../src/verify/run.ts';
import type { CheckResult, VerifyReport } from '../../src/verify/types.ts';
import { fakePki, type FakePki } from '../kube/api-server.ts';
import { startDns, text, type DnsServer, type Reply } from './dns-server.ts';
import {
  dualStack,
  dualStackNodes,
  fakeKube,
  hostNames,
  items,
  missing,
  ok,
  pod,
  readyStatus,
  verifyCluster,
  verifyNodes,
  type FakeKube,
} from '../samples/verify.ts';

const namespace = 'kboot-verify-00000001';
const padding = Array.from({ length: 16 }, () => 'x'.repeat(250));

let pki: FakePki;
let apiServer: https.Server;
let servers: DnsServer[];
/** A working cluster; tests break it. */
let world: {
  /** Whether packets pass from the Pod on one node to the Pod on another. */
  passes: (from: string, to: string) => boolean;
  nodeReady: (node: string) => boolean;
  loadBalancer: string | undefined;
  nodes: typeof verifyNodes;
  /** Pods of other namespaces. */
  others: readonly unknown[];
  /** Overrides the API's usual response. */
  answer: (method: string, path: string) => KubeResponse | undefined;
};
let interrupt: AbortController;
let results: CheckResult[];
let kube: FakeKube;
let applied: Map<string, unknown>;

beforeAll(async () => {
  pki = await fakePki();
  apiServer = https.createServer({ ...pki.server }, (_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => apiServer.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(() => {
  apiServer.close();
});
beforeEach(() => {
  servers = [];
  results = [];
  applied = new Map();
  interrupt = new AbortController();
  world = {
    passes: () => true,
    nodeReady: () => true,
    loadBalancer: undefined,
    nodes: verifyNodes,
    others: [],
    answer: () => undefined,
  };
  kube = fakeKube((method, path, body) => world.answer(method, path) ?? api(method, path, body));
});
afterEach(() => {
  for (const server of servers) server.close();
});

function api(method: string, path: string, body: unknown): KubeResponse {
  const [name = ''] = path.split('?');
  if (method === 'PATCH') {
    applied.set(name, body);
    return ok(body);
  }
  if (method === 'DELETE') return applied.delete(name) ? ok({}) : missing;
  if (name === '/api/v1/nodes')
    return items(
      ...world.nodes.map(({ name: node, addresses }) => ({
        metadata: { name: node },
        status: {
          addresses: Object.values(addresses).map((address) => ({ type: 'InternalIP', address })),
          conditions: [
            { type: 'Ready', status: world.nodeReady(node) ? 'True' : 'False', message: 'kubelet stopped' },
          ],
        },
      })),
    );
  if (name.includes('/daemonsets/'))
    return ok({ status: { numberReady: verifyNodes.filter((node) => world.nodeReady(node.name)).length } });
  if (name === '/api/v1/pods') return items(...world.others);
  if (name.endsWith('/pods')) {
    const app = path.endsWith('client') ? 'client' : 'server';
    const second = Object.values(world.nodes[0]?.servers ?? {}).slice(1);
    return items(
      ...world.nodes.map(({ name: node, servers: { 4: four = '', 6: six }, client = '' }) =>
        app === 'server'
          ? pod(app, node, six === undefined ? readyStatus(four) : readyStatus(four, six))
          : pod(app, node, readyStatus(client, ...second)),
      ),
    );
  }
  if (name.endsWith('/services/cluster-ip'))
    return ok({
      spec: { clusterIPs: ['10.96.7.7', ...(world.nodes === verifyNodes ? [] : ['fd00:96::77'])] },
    });
  if (name.endsWith('/services/node-port'))
    return ok({ spec: { ports: [{ name: 'tcp', nodePort: 31000 }] } });
  if (name.endsWith('/services/load-balancer-ipv4'))
    return ok({ status: { loadBalancer: { ingress: [{ ip: world.loadBalancer }] } } });
  if (name.endsWith('/events') || name === '/api/v1/namespaces') return items();
  return applied.has(name) ? ok(applied.get(name)) : missing;
}

/** The answer of a node's client Pod. */
function clientOf(node: string, { name, type }: dns.Question): Reply {
  const [target = '', zone] = name.split('.');
  if (type === 'A')
    return { answers: [{ type, name, data: target === 'kubernetes' ? '10.96.0.1' : '10.96.7.7' }] };
  if (type === 'AAAA') return { answers: [{ type, name, data: 'fd00:96::77' }] };
  if (/^service[46].verify$/.test(name)) return text('w-1');
  if (!world.passes(node, target)) return { answers: [], rcode: 2 };
  return zone?.startsWith('tcp') === true ? text(target, ...padding) : text(target);
}

async function stream(address: string): Promise<Duplex> {
  if (address === '10.99.7.11') {
    const { port } = apiServer.address() as AddressInfo;
    return connect(port, '127.0.0.1');
  }
  const node = verifyNodes.find(({ client }) => client === address);
  const server = await startDns((question) =>
    node === undefined ? text('w-2') : clientOf(node.name, question),
  );
  servers.push(server);
  return await server.connect();
}

function run(changes: Parameters<typeof verifyCluster>[0] = {}): Promise<VerifyReport> {
  const readers = hostNames.map((host): [string, Reader] => [
    host,
    {
      host,
      stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
      read: () => Promise.reject(new Error('verify runs nothing on a host')),
      forward: stream,
    },
  ]);
  return verify({
    // The API's certificate in these tests is valid for this address.
    cluster: verifyCluster({ controlPlaneEndpoint: { host: '10.99.7.11', port: 8443 }, ...changes }),
    renderer: createRenderer(),
    namespace,
    image: 'registry.example/coredns:v1',
    kube,
    readers: new Map(readers),
    credentials: pki.credentials,
    concurrency: 30,
    signal: interrupt.signal,
    onResult: (result) => results.push(result),
    onProgress: () => undefined,
  });
}

const failed = (report: VerifyReport): string[] =>
  report.results.filter(({ ok: good }) => !good).map(({ kind, from, to }) => `${kind} ${from} ${to}`);
const isGone = (): boolean => kube.requests.includes(`DELETE /api/v1/namespaces/${namespace}`);

describe('verifyCluster', () => {
  it('runs all checks, and removes its namespace last', async () => {
    const report = await run();
    expect(failed(report)).toEqual([]);
    const count = (kind: string): number => report.results.filter((each) => each.kind === kind).length;
    expect(
      [
        'start',
        'pod-udp',
        'pod-tcp',
        'dns',
        'cluster-ip',
        'node-port',
        'load-balancer',
        'api',
        'cleanup',
      ].map(count),
    ).toEqual([6, 9, 9, 6, 3, 3, 0, 3, 1]);
    expect(report).toMatchObject({ nodes: 3, namespace, interrupted: false });
    expect(results).toHaveLength(report.results.length);
    expect(results.at(-1)?.kind).toBe('cleanup');
    expect(isGone()).toBe(true);
  });

  it('names the nodes whose newest request for a serving certificate waits for approval', async () => {
    const request = (name: string, node: string, created: string, more: object = {}): object => ({
      metadata: { name, creationTimestamp: created },
      spec: { signerName: 'kubernetes.io/kubelet-serving', username: `system:node:${node}`, ...more },
      status: {},
    });
    const approved = { status: { conditions: [{ type: 'Approved' }] } };
    world.answer = (_method, path) =>
      path === '/apis/certificates.k8s.io/v1/certificatesigningrequests'
        ? items(
            request('csr-old', 'w-1', '2026-11-20T10:00:00Z'),
            { ...request('csr-new', 'w-1', '2026-11-20T10:15:00Z'), ...approved },
            request('csr-first', 'w-2', '2026-11-20T10:00:00Z'),
            request('csr-second', 'w-2', '2026-11-20T10:15:00Z'),
            request('csr-client', 'cp-1', '2026-11-20T10:00:00Z', {
              signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
            }),
            request('csr-stranger', 'gone', '2026-11-20T10:00:00Z'),
          )
        : undefined;
    const report = await run();
    expect(failed(report)).toEqual(['serving-certificate this machine w-2']);
    expect(report.results.find(({ ok: good }) => !good)?.why).toContain('csr-second is Pending');
  });

  it('writes nothing outside its namespace', async () => {
    await run();
    const writes = kube.requests.filter((each) => !each.startsWith('GET'));
    expect(writes.length).toBeGreaterThan(5);
    expect(writes.every((each) => each.includes(`/namespaces/${namespace}`))).toBe(true);
    expect(writes[0]).toContain(`PATCH /api/v1/namespaces/${namespace}?`);
  });

  it('has a zone for every node in the clients, and uses the image that is present', async () => {
    await run();
    const base = `/api/v1/namespaces/${namespace}`;
    const { data } = applied.get(`${base}/configmaps/client`) as { data: { Corefile: string } };
    for (const { name, servers: addresses } of verifyNodes)
      for (const zone of ['udp4', 'tcp4'])
        expect(data.Corefile).toContain(
          `${name}.${zone}.verify.:5300 {\n    forward . "${addresses[4]}:5300" {`,
        );
    expect(data.Corefile).not.toContain('6.verify');
    expect(data.Corefile).toContain('service4.verify.:5300 {\n    forward . "10.96.7.7:5300" {');
    expect(data.Corefile).toContain('cluster.local.:5300 {\n    forward . "10.96.0.10:53" {');
    expect(JSON.stringify(applied.get(`/apis/apps/v1/namespaces/${namespace}/daemonsets/client`))).toContain(
      '"image":"registry.example/coredns:v1","imagePullPolicy":"IfNotPresent"',
    );
  });

  it('creates Services and zones of both families in a dual-stack cluster, and checks both', async () => {
    world.nodes = dualStackNodes;
    const { networking } = dualStack();
    const pools = [{ name: 'default', addresses: ['127.77.0.9/32', 'fd00:7::200-fd00:7::210'] }];
    world.answer = (_method, path) =>
      path.endsWith('/load-balancer-ipv6')
        ? ok({ status: { loadBalancer: { ingress: [{ ip: '::1' }] } } })
        : undefined;
    world.loadBalancer = '127.77.0.9';
    const report = await run({ networking, metallb: { pools } });
    // Nothing listens there.
    expect(failed(report)).toEqual([
      'load-balancer this machine 127.77.0.9:5300',
      'load-balancer this machine [::1]:5300',
    ]);
    const six = report.results.filter(({ family }) => family === 6);
    // Checks run side by side: which of them ends first is left open.
    expect(new Set(six.map(({ kind }) => kind))).toEqual(
      new Set(['pod-udp', 'pod-tcp', 'cluster-ip', 'node-port', 'load-balancer']),
    );
    const base = `/api/v1/namespaces/${namespace}`;
    for (const name of ['cluster-ip', 'node-port'])
      expect(applied.get(`${base}/services/${name}`)).toMatchObject({
        spec: { ipFamilyPolicy: 'RequireDualStack' },
      });
    for (const family of [4, 6])
      expect(applied.get(`${base}/services/load-balancer-ipv${family}`)).toMatchObject({
        spec: { ipFamilyPolicy: 'SingleStack', ipFamilies: [`IPv${family}`] },
      });
    const { data } = applied.get(`${base}/configmaps/client`) as { data: { Corefile: string } };
    expect(data.Corefile).toContain('w-2.udp6.verify.:5300 {\n    forward . "[fd00:244:0:2::2]:5300" {');
    expect(data.Corefile).toContain('service6.verify.:5300 {\n    forward . "[fd00:96::77]:5300" {');
  });

  it('reports a node and a Pod that lack a family, and checks the other family', async () => {
    world.nodes = dualStackNodes.map((node) =>
      node.name === 'w-2' ? { ...node, ...verifyNodes.find(({ name }) => name === 'w-2') } : node,
    );
    const report = await run({ networking: dualStack().networking });
    expect(report.results.filter(({ ok: good }) => !good)).toMatchObject([
      {
        kind: 'start',
        from: 'w-2',
        to: 'IPv6 node address',
        why: expect.stringContaining('10.99.7.52') as string,
      },
      {
        kind: 'start',
        from: 'w-2',
        to: 'server Pod',
        why: expect.stringContaining('no IPv6 address') as string,
      },
    ]);
    const udp = report.results.filter(({ kind }) => kind === 'pod-udp');
    expect(udp.filter(({ family }) => family === 4)).toHaveLength(9);
    expect(udp.filter(({ family }) => family === 6)).toHaveLength(6);
  });

  it('reports Pods with addresses outside the Pod network: its own, and those of other namespaces', async () => {
    const at = (name: string, podIP: string, spec: object = {}): unknown => ({
      metadata: { name, namespace: 'kube-system' },
      spec: { nodeName: 'w-1', ...spec },
      status: { podIP, podIPs: [{ ip: podIP }] },
    });
    world.others = [
      at('coredns-a', '10.88.0.3'),
      at('coredns-b', '10.244.1.9'),
      at('kube-proxy-a', '10.99.7.51', { hostNetwork: true }),
      at('starting', ''),
    ];
    world.nodes = verifyNodes.map((node) =>
      node.name === 'w-2' ? { ...node, servers: { 4: '10.88.0.4' } } : node,
    );
    const report = await run();
    expect(failed(report).filter((each) => each.startsWith('start'))).toEqual([
      'start w-1 Pod kube-system/coredns-a',
      'start w-2 server Pod',
    ]);
    for (const { ok: good, why } of report.results)
      if (!good) expect(why).toMatch(/is outside the Pod network 10\.244\.0\.0\/16: .*\/etc\/cni\/net\.d/);
  });

  it('names exactly the pairs that do not reach each other', async () => {
    world.passes = (from, to) => from === to || (from !== 'w-2' && to !== 'w-2');
    const report = await run();
    const pairs = ['cp-1 w-2', 'w-1 w-2', 'w-2 cp-1', 'w-2 w-1'];
    expect(failed(report).sort()).toEqual(
      ['pod-tcp', 'pod-udp'].flatMap((kind) => pairs.map((pair) => `${kind} ${pair}`)).sort(),
    );
    expect(isGone()).toBe(true);
  });

  it('does not wait for a node that is not Ready, and reports why', async () => {
    world.nodeReady = (node) => node !== 'w-2';
    const report = await run();
    expect(failed(report)).toEqual(['start w-2 server Pod']);
    expect(report.results.find(({ ok: good }) => !good)?.why).toBe('the Node is not Ready: kubelet stopped');
    expect(report.results.filter(({ kind }) => kind === 'pod-udp')).toHaveLength(4);
  });

  it('recognizes a load balancer address that only hosts can reach', async () => {
    // Nothing listens there.
    world.loadBalancer = '127.77.0.9';
    const report = await run({ metallb: { pools: [{ name: 'default', addresses: ['127.77.0.9/32'] }] } });
    expect(failed(report)).toEqual(['load-balancer this machine 127.77.0.9:5300']);
    expect(report.results.find(({ kind }) => kind === 'load-balancer')?.why).toMatch(
      /ECONNREFUSED.*not reachable from this machine, but the host lb-1 \(not a node\) gets the answer/,
    );
  });

  it('removes its namespace when the API refuses a request, and passes on the error', async () => {
    world.answer = (method, path) =>
      method === 'PATCH' && path.includes('/daemonsets/client')
        ? { status: 403, body: { message: 'no' } }
        : undefined;
    await expect(run()).rejects.toThrow('the API answered 403: no');
    expect(isGone()).toBe(true);
    expect(results.at(-1)).toMatchObject({ kind: 'cleanup', ok: true });
  });

  it('removes its namespace when interrupted, and starts nothing further', async () => {
    world.answer = (_method, path) => {
      if (path.includes('/daemonsets/server')) interrupt.abort();
      return undefined;
    };
    const report = await run();
    expect(report.interrupted).toBe(true);
    expect(report.results.map(({ kind }) => kind)).toEqual(['cleanup']);
    expect(kube.requests.some((each) => each.includes('daemonsets/client'))).toBe(false);
    expect(isGone()).toBe(true);
  });

  it('counts a namespace that cannot be removed as a failure', async () => {
    world.answer = (method) =>
      method === 'DELETE' ? { status: 500, body: { message: 'later' } } : undefined;
    const report = await run();
    expect(failed(report)).toEqual([`cleanup this machine Namespace ${namespace}`]);
    expect(report.results.at(-1)?.why).toContain('later');
  });
});
