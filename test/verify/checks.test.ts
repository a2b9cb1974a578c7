import { describe, expect, it } from 'vitest';
import { makeChecks, type Check, type Services } from '../../src/verify/checks.ts';
import { dualStack, dualStackNodes, verifyCluster, verifyNodes, hostNames } from '../samples/verify.ts';

const services: Services = {
  namespace: 'ns',
  clusterIPs: { 4: '10.96.7.7' },
  nodePort: 31000,
  backends: ['cp-1', 'w-1', 'w-2', 'w-3'],
  loadBalancers: {},
};
const all = (
  changes: { connected?: readonly string[]; nodes?: typeof verifyNodes; services?: Services } = {},
): readonly Check[] =>
  makeChecks(
    verifyCluster(),
    changes.nodes ?? verifyNodes,
    changes.services ?? services,
    new Set(changes.connected ?? hostNames),
  );
const of = (kind: string, checks: readonly Check[]): readonly Check[] =>
  checks.filter((check) => check.kind === kind);

describe('makeChecks', () => {
  it('tests every ordered pair over UDP and TCP, including each node with itself', () => {
    const checks = all();
    for (const kind of ['pod-udp', 'pod-tcp'])
      expect(new Set(of(kind, checks).map(({ from, to }) => `${from} ${to}`)).size).toBe(9);
  });

  it("enters through the Pod's own host, so that only the path beyond the Pod is tested", () => {
    const [check] = of('pod-udp', all()).filter(({ from, to }) => from === 'w-2' && to === 'cp-1');
    expect(check).toMatchObject({
      via: 'w-2',
      address: '10.244.2.3',
      port: 5300,
      question: { name: 'cp-1.udp4.verify', type: 'TXT' },
      expect: ['cp-1'],
    });
  });

  it('reaches a node whose host is not connected through a control plane, and says so', () => {
    const checks = all({ connected: ['cp-1', 'w-1'] });
    const [check] = of('pod-udp', checks).filter(({ from }) => from === 'w-2');
    expect(check?.via).toBe('cp-1');
    expect(check?.asked).toContain('reached through cp-1');
    expect(of('api', checks).map(({ from }) => from)).toEqual(['cp-1', 'w-1']);
  });

  it('requires a long answer only over TCP', () => {
    expect(of('pod-tcp', all()).every((check) => 'atLeastBytes' in check && check.atLeastBytes > 1500)).toBe(
      true,
    );
    expect(of('pod-udp', all()).every((check) => 'atLeastBytes' in check && check.atLeastBytes === 0)).toBe(
      true,
    );
  });

  it('queries the cluster DNS from every node for the API and for a new Service', () => {
    const dns = of('dns', all());
    expect(dns).toHaveLength(6);
    expect(dns.slice(0, 2)).toMatchObject([
      { question: { name: 'kubernetes.default.svc.cluster.local', type: 'A' }, expect: ['10.96.0.1'] },
      { question: { name: 'cluster-ip.ns.svc.cluster.local', type: 'A' }, expect: ['10.96.7.7'] },
    ]);
  });

  it('queries AAAA if Services have IPv6 addresses', () => {
    const cluster = verifyCluster();
    const six = { ...cluster, networking: { ...cluster.networking, serviceSubnets: ['fd00:96::/112'] } };
    const dns = of(
      'dns',
      makeChecks(six, verifyNodes, { ...services, clusterIPs: { 6: 'fd00:96::77' } }, new Set(hostNames)),
    );
    expect(dns.slice(0, 2)).toMatchObject([
      { question: { type: 'AAAA' }, expect: ['fd00:96::1'] },
      { question: { type: 'AAAA' }, expect: ['fd00:96::77'] },
    ]);
  });

  it("asks each node's port from another host, with one node from itself", () => {
    const ports = of('node-port', all());
    expect(ports.map(({ from, address, port }) => [from, address, port])).toEqual([
      ['w-1', '10.99.7.50', 31000],
      ['w-2', '10.99.7.51', 31000],
      ['cp-1', '10.99.7.52', 31000],
    ]);
    expect(of('node-port', all({ nodes: verifyNodes.slice(0, 1) })).map(({ from }) => from)).toEqual([
      'cp-1',
    ]);
  });

  it('accepts any node as backend of a Service, even one whose Pod started late', () => {
    const given = { ...services, loadBalancers: { 4: '10.99.7.200' } };
    for (const kind of ['cluster-ip', 'node-port', 'load-balancer'])
      expect(of(kind, all({ services: given }))[0]).toMatchObject({ expect: given.backends });
  });

  it('checks the load balancer address from this machine if there is one with a Pod behind it', () => {
    const given = { ...services, loadBalancers: { 4: '10.99.7.200' } };
    expect(of('load-balancer', all({ services: given }))).toMatchObject([
      { via: undefined, address: '10.99.7.200', port: 5300 },
    ]);
    expect(of('load-balancer', all())).toEqual([]);
    expect(of('load-balancer', all({ services: given, nodes: [] }))).toEqual([]);
  });

  it('checks each family: every pair, the Service from every node, every node port, the load balancers', () => {
    const given = {
      ...services,
      clusterIPs: { 4: '10.96.7.7', 6: 'fd00:96::77' },
      loadBalancers: { 4: '10.99.7.200', 6: 'fd00:7::200' },
    };
    const checks = makeChecks(dualStack(), dualStackNodes, given, new Set(hostNames));
    const count = (kind: string, family: 4 | 6): number =>
      of(kind, checks).filter((check) => check.family === family).length;
    for (const family of [4, 6] as const)
      expect(
        ['pod-udp', 'pod-tcp', 'cluster-ip', 'node-port', 'load-balancer'].map((kind) => count(kind, family)),
      ).toEqual([9, 9, 3, 3, 1]);
    expect(of('pod-tcp', checks).at(-1)).toMatchObject({
      question: { name: 'w-2.tcp6.verify' },
      asked: expect.stringContaining('(fd00:244:0:2::2)') as string,
    });
    expect(of('node-port', checks).at(-1)).toMatchObject({
      address: 'fd00:7::52',
      to: 'w-2 ([fd00:7::52]:31000)',
    });
    expect(of('load-balancer', checks).at(-1)).toMatchObject({ address: 'fd00:7::200' });
  });

  it('queries the cluster DNS for both addresses of the new Service, and for the single address of the API', () => {
    const given = { ...services, clusterIPs: { 4: '10.96.7.7', 6: 'fd00:96::77' } };
    const dns = of('dns', makeChecks(dualStack(), dualStackNodes, given, new Set(hostNames)));
    expect(dns).toHaveLength(9);
    expect(dns.slice(0, 3)).toMatchObject([
      { question: { name: 'kubernetes.default.svc.cluster.local', type: 'A' }, expect: ['10.96.0.1'] },
      { question: { name: 'cluster-ip.ns.svc.cluster.local', type: 'A' }, expect: ['10.96.7.7'] },
      { question: { name: 'cluster-ip.ns.svc.cluster.local', type: 'AAAA' }, expect: ['fd00:96::77'] },
    ]);
  });

  it('skips a family that a node or its Pod lacks', () => {
    const [first, ...rest] = dualStackNodes;
    const nodes = [{ ...first, ...verifyNodes[0] }, ...rest] as typeof verifyNodes;
    const checks = makeChecks(dualStack(), nodes, services, new Set(hostNames));
    const six = checks.filter(({ family }) => family === 6);
    expect(six.some(({ to }) => to.startsWith('cp-1'))).toBe(false);
    expect(six.filter(({ kind }) => kind === 'node-port')).toHaveLength(2);
  });

  it('queries the API at its endpoint from every node, but not from a host that is not a node', () => {
    const api = of('api', all({ nodes: [] }));
    expect(api.map(({ from }) => from)).toEqual(['cp-1', 'w-1', 'w-2']);
    expect(api[0]).toMatchObject({ address: '10.99.7.100', port: 8443, via: 'cp-1' });
  });

  it('checks nothing from a node whose client Pod did not start, but checks it from others', () => {
    const nodes = verifyNodes.map(({ client, ...node }) =>
      node.name === 'w-2' ? node : { ...node, client: client ?? '' },
    );
    const pods = of('pod-udp', all({ nodes }));
    expect(pods.some(({ from }) => from === 'w-2')).toBe(false);
    expect(pods.filter(({ to }) => to === 'w-2').map(({ from }) => from)).toEqual(['cp-1', 'w-1']);
  });
});
