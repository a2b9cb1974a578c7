import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readInventory } from '../../src/app/read-inventory.ts';
import { generateCaKey, generateRsaKey } from '../../src/pki/keys.ts';
import { loadOrCreatePki } from '../../src/store/pki.ts';
import { defaultStateDir, openState } from '../../src/store/state.ts';
import { inventoryOf } from '../bench/inventory.ts';
import { unissued } from '../samples/desire.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { fleetInventory } from './inventory.ts';

/**
 * A fleet of `count` hosts, its inventory in `file`, and beside that a state folder with everything issued.
 * One key for all certificates: two thousand RSA keys take minutes.
 */
export async function fleetOf(count: number, file: string): Promise<Fleet> {
  mkdirSync(join(dirname(file), 'plain'), { recursive: true });
  const plain = join(dirname(file), 'plain', 'inventory.yaml');
  writeFileSync(plain, inventoryOf(count));
  const { cluster } = readInventory(plain);
  const [leaf, ca] = await Promise.all([generateRsaKey(), generateCaKey('ECDSA-P256')]);
  const { pki } = await loadOrCreatePki(await openState(defaultStateDir(file, cluster.name)), cluster, {
    ...{ now: new Date(), randomBytes },
    generateKey: ({ kind }) => Promise.resolve(kind === 'leaf' ? leaf : ca),
  });
  const clusterId = pki.clusterId() ?? '';
  const fleet = await startFleet(cluster, { desire: { ...unissued(cluster), pki, clusterId }, clusterId });
  writeFileSync(file, fleetInventory(count, fleet));
  return fleet;
}
