import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { EndpointSeen, Inspection } from '../../../src/model/inspection.ts';
import { endpointFindings, type EndpointServing } from '../../../src/plan/preflight/endpoint.ts';
import { hasOutsideEndpoint } from '../../../src/model/cluster.ts';
import type { Finding } from '../../../src/plan/preflight/finding.ts';
import { found, host, single } from '../../samples/text.ts';

const planes = [host('cp-1', '10.0.0.11', ['control-plane']), host('cp-2', '10.0.0.12', ['control-plane'])];
const workers = [host('w-1', '10.0.0.21', ['worker']), host('w-2', '10.0.0.22', ['worker'])];
const outside = single({
  controlPlaneEndpoint: { host: 'api.example', port: 6443 },
  hosts: [...planes, ...workers, host('e-1', '10.0.0.31', ['etcd'])],
});
const open: EndpointSeen = { addresses: ['10.9.9.9'], tcp: 'open', why: '' };
const refused: EndpointSeen = { ...open, tcp: 'refused' };
const lost: EndpointSeen = { ...open, tcp: 'lost', why: 'No route to host' };
const unresolved: EndpointSeen = { addresses: [], tcp: 'lost', why: 'Name or service not known' };

function judge(
  views: Readonly<Record<string, EndpointSeen>>,
  running: boolean,
  serving?: EndpointServing,
  cluster: Cluster = outside,
): readonly Finding[] {
  const seen = new Map(
    cluster.hosts.map(({ name }) => [name, { endpoint: views[name] } as unknown as Inspection]),
  );
  return endpointFindings(cluster, seen, running, serving);
}
const everywhere = (view: EndpointSeen): Record<string, EndpointSeen> =>
  Object.fromEntries(outside.hosts.map(({ name }) => [name, view]));
const short = (list: readonly Finding[]): string[] => list.map((each) => `${each.level} ${each.host}`);

describe('an endpoint that kboot does not run', () => {
  it.each([
    [
      'a name before one control plane',
      single({ controlPlaneEndpoint: { host: 'api.example', port: 6443 } }),
      true,
    ],
    ['the only control plane itself', single(), false],
    ['several control planes', outside, true],
    [
      'one of several control planes',
      { ...outside, controlPlaneEndpoint: { host: '10.0.0.11', port: 6443 } },
      true,
    ],
    [
      "kboot's own load balancer",
      { ...outside, loadBalancer: { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 } },
      false,
    ],
  ])('%s', (_what, cluster, expected) => {
    expect(hasOutsideEndpoint(cluster)).toBe(expected);
  });
});

describe('before the bootstrap', () => {
  it('nothing has to answer yet: an open or a refusing port is valid', () => {
    expect(judge(everywhere(open), false)).toEqual([]);
    expect(judge(everywhere(refused), false)).toEqual([]);
    for (const kind of ['nothing', 'not-ready'] as const)
      expect(judge(everywhere(open), false, { host: 'w-1', answer: { kind, why: 'reset' } })).toEqual([]);
  });

  it('a name without an address is an error', () => {
    const list = judge({ ...everywhere(open), 'w-1': unresolved, 'w-2': unresolved }, false);
    expect(short(list)).toEqual(['error w-1, w-2']);
    expect(found(list[0]).message).toBe('controlPlaneEndpoint api.example:6443 does not resolve');
    expect(found(list[0]).check).toBe('ControlPlaneEndpoint');
  });

  it('a name that resolves to loopback is an error on a worker, but not on a control plane', () => {
    const own = { ...refused, addresses: ['127.0.1.1'] };
    expect(short(judge({ ...everywhere(open), 'cp-1': own, 'w-1': own }, false))).toEqual(['error w-1']);
  });

  it('an address that does not respond is a warning', () => {
    const list = judge(everywhere(lost), false);
    expect(short(list)).toEqual(['warning cp-1, cp-2', 'warning w-1, w-2']);
    expect(found(list[0]).message).toContain('No route to host');
  });

  it('another TLS server there is an error', () => {
    const answer = { kind: 'stranger', why: 'a certificate of x' } as const;
    expect(short(judge(everywhere(open), false, { host: 'w-1', answer }))).toEqual(['error w-1']);
  });
});

describe('while the API serves', () => {
  it('the endpoint leads there', () => {
    expect(judge(everywhere(open), true, { host: 'w-1', answer: { kind: 'ready' } })).toEqual([]);
  });

  it.each([
    ['refuses', refused],
    ['is lost', lost],
  ])(
    'a worker whose connection %s is an error; a control plane does not have to reach itself',
    (_what, view) => {
      expect(short(judge(everywhere(view), true))).toEqual(['warning cp-1, cp-2', 'error w-1, w-2']);
    },
  );

  it('a load balancer without API servers behind it is an error', () => {
    for (const kind of ['nothing', 'not-ready'] as const)
      expect(short(judge(everywhere(open), true, { host: 'w-1', answer: { kind, why: 'x' } }))).toEqual([
        'error w-1',
      ]);
  });

  it('a control plane of this cluster as endpoint may be repaired by this run', () => {
    const own = { ...refused, addresses: ['10.0.0.12'] };
    expect(short(judge(everywhere(own), true))).toEqual(['warning cp-1, cp-2', 'warning w-1, w-2']);
  });
});

it('does not check an endpoint that kboot runs, or hosts that are not nodes', () => {
  const cluster = { ...outside, loadBalancer: { virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 } };
  expect(judge(everywhere(lost), true, undefined, cluster)).toEqual([]);
  expect(judge({ 'e-1': lost }, true)).toEqual([]);
});
