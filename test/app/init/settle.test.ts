import { describe, expect, it } from 'vitest';
import { proposeVirtualIP, virtualIPProblem } from '../../../src/app/init/free.ts';
import type { Look } from '../../../src/app/init/look.ts';
import { inventoryOf, settleHosts } from '../../../src/app/init/settle.ts';
import { networkOf } from '../../../src/inventory/address.ts';
import type { HeldAddress } from '../../../src/observe/networks.ts';
import { good } from '../../samples/inspection.ts';

/** A look at `cp-1` whose eth0 has these addresses with their prefix lengths; there is no other machine. */
function lookAt(...addresses: readonly string[]): Look {
  const held = addresses.map((text): HeldAddress => {
    const network = networkOf(text);
    if (network === undefined) throw new Error(text);
    return { address: text.split('/')[0] ?? '', interface: 'eth0', network };
  });
  const inspection = good({ name: 'cp-1', address: '10.0.0.11' });
  return {
    ...{ seen: new Map([['cp-1', { inspection, held }]]), failed: new Map() },
    ...{ holders: () => Promise.resolve([]), close: () => Promise.resolve() },
  };
}

describe('a host with two addresses that was read', () => {
  const hosts = [{ name: 'cp-1', role: 'control-plane' as const, stated: '10.0.0.11, fd00:10:244::11' }];
  const answers = { name: 'p', hosts, user: 'ops', pools: [], kubernetesVersion: 'v1.36.2', look: true };
  const look = lookAt('10.0.0.11/24', 'fd00:10:244::11/48');
  const settled = settleHosts(hosts, look);

  it('keeps both as given, with its facts', () => {
    expect(settled).toMatchObject([{ address: hosts[0]?.stated, seen: 'eth0, debian 12, 2 CPUs, 1700 MiB' }]);
    const strange = settleHosts(hosts, lookAt('10.0.0.99/24'));
    expect(strange).toEqual([{ name: 'cp-1', role: 'control-plane', address: hosts[0]?.stated }]);
  });

  it('gets Pod and Service networks apart from those of both its addresses', () => {
    const wide = settleHosts(hosts, lookAt('10.0.0.11/24', 'fd00:10:244::11/31'));
    expect([settled, wide].map((each) => inventoryOf(answers, each).serviceSubnet)).toEqual([
      '10.96.0.0/12,fd00:10:96::/112',
      '10.96.0.0/12,fd10:96::/112',
    ]);
    expect(inventoryOf(answers, settled).podSubnet).toBe('10.244.0.0/16,fd00:10:42::/56');
  });

  it('gets a virtual IP in the network of the first, and may be given one of the second family', async () => {
    expect(await proposeVirtualIP(look, settled)).toBe('10.0.0.100');
    expect(await virtualIPProblem(look, settled, 'fd00:10:244::100')).toBeUndefined();
    expect(await virtualIPProblem(look, settled, '10.9.0.100')).toContain('is not in the network');
  });
});
