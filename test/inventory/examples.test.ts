import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseInventory } from '../../src/inventory/parse.ts';
import { etcdHosts, nodes, type Cluster } from '../../src/model/cluster.ts';
import { optionsFor } from '../samples/inventory-options.ts';

const folder = new URL('../../inventories/', import.meta.url);

function example(name: string, env: Record<string, string> = {}): Cluster {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const { cluster, diagnostics } = parseInventory(text, optionsFor(`/repo/inventories/${name}`, env));
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (cluster === undefined) throw new Error('no cluster');
  return cluster;
}

describe('example inventories', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))(
    '%s is valid and names its schema',
    (name) => {
      expect(readFileSync(new URL(name, folder), 'utf8')).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/inventory\.schema\.json\n/,
      );
      expect(example(name).hosts.length).toBeGreaterThan(0);
    },
  );

  it('have the topologies that their names promise', () => {
    const shape = (name: string): number[] => [etcdHosts(example(name)).length, nodes(example(name)).length];
    expect(shape('single.yaml')).toEqual([1, 3]);
    expect(shape('ha.yaml')).toEqual([3, 5]);
    expect(shape('external-etcd.yaml')).toEqual([3, 3]);
    expect(shape('datacenter.yaml')).toEqual([0, 4]);
    expect(shape('lab.yaml')).toEqual([1, 3]);
    expect(shape('dual-stack.yaml')).toEqual([1, 3]);
  });

  it('the external etcd is accessed with files in the home directory, and routed pools are announced by BGP', () => {
    const { etcd, metallb } = example('datacenter.yaml');
    expect(etcd.external).toMatchObject({
      caFile: '/home/op/etcd/ca.crt',
      keyFile: '/home/op/etcd/client.key',
    });
    expect(metallb?.pools.map(({ advertise }) => advertise)).toEqual(['bgp', 'l2']);
    expect(metallb?.bgpAdvertisements?.map(({ ipAddressPools }) => ipAddressPools)).toEqual([['routed']]);
  });

  it('the lab key comes from the environment or is in .lab', () => {
    const key = (cluster: Cluster): unknown => cluster.hosts[0]?.connection;
    expect(key(example('lab.yaml'))).toMatchObject({ identityFile: '/repo/.lab/id_ecdsa', user: 'root' });
    expect(key(example('lab.yaml', { LAB_KEY: '/k' }))).toMatchObject({ identityFile: '/k' });
  });
});
