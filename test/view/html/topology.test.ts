import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostViews } from '../../../src/view/html/hosts.ts';
import { topologySvg } from '../../../src/view/html/topology-svg.ts';
import { topologyOf, topologyText } from '../../../src/view/html/topology.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { inventoryOf } from '../../bench/inventory.ts';
import { plan, planHost } from '../../samples/plan.ts';
import { clusterOf } from '../../samples/page.ts';

const example = (name: string): Cluster =>
  clusterOf(readFileSync(new URL(`../../../inventories/${name}.yaml`, import.meta.url), 'utf8'));
const topologyIn = (cluster: Cluster): ReturnType<typeof topologyOf> => {
  const hosts = cluster.hosts.map(({ name, roles }) => ({ ...planHost(name, ''), roles }));
  const of = plan({ hosts, endpoint: 'https://10.0.0.100:8443' });
  return topologyOf(of, hostViews(of), cluster);
};

describe('topology', () => {
  it('of a highly available cluster has its virtual IP, networks and pools', () => {
    expect(topologyText(topologyIn(example('ha')))).toBe(
      'API endpoint https://10.0.0.100:8443, virtual IP 10.0.0.100, held by keepalived (router ID 51), served by haproxy. ' +
        'Control plane: 3 (cp-1 … cp-3). Workers: 2 (w-1, w-2). etcd: 3 members. ' +
        'Pod network 10.244.0.0/16, flannel, vxlan. ' +
        'Service network 10.96.0.0/12, DNS domain cluster.local, kube-proxy. ' +
        'MetalLB 10.0.0.200-10.0.0.220, pool default.',
    );
    const control = topologyIn(example('ha')).tiers.find(({ api }) => api);
    expect(control).toMatchObject({ etcd: true });
    expect(control?.machines.map(({ runs }) => runs)).toEqual(Array(3).fill(['haproxy, keepalived']));
  });

  it('draws etcd on its own hosts if there are any', () => {
    const tiers = topologyIn(example('external-etcd')).tiers.map(({ title, etcd }) => [title, etcd]);
    expect(tiers).toContainEqual(['Control plane', false]);
    expect(tiers).toContainEqual(['etcd hosts', true]);
  });

  it('shows each host once', () => {
    for (const name of ['ha', 'external-etcd', 'single', 'lab'])
      expect(
        topologyIn(example(name))
          .tiers.flatMap(({ machines }) => machines.map((machine) => machine.name))
          .sort(),
      ).toEqual(
        example(name)
          .hosts.map((host) => host.name)
          .sort(),
      );
  });

  it('has hosts and endpoint from the plan alone', () => {
    const of = plan();
    expect(topologyText(topologyOf(of, hostViews(of)))).toBe(
      'API endpoint https://10.0.0.11:6443. Control plane: 1 (cp-1). Workers: 1 (w-1). etcd: 1 member.',
    );
  });

  it('draws few hosts as cards, many as one field', () => {
    const cards = (cluster: Cluster): number =>
      topologySvg(topologyIn(cluster)).text.split('class="card').length - 1;
    expect(cards(example('ha'))).toBe(5);
    expect(cards(clusterOf(inventoryOf(500)))).toBe(4);
  });
});
