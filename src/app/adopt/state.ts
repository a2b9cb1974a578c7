import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { externalFiles } from '../../desire/adopt/external-etcd.ts';
import {
  pathsToReadBack,
  readBack,
  type FoundFiles,
  type Obstacle,
  type ReadBack,
} from '../../desire/read-back.ts';
import { recordedProfile } from '../../desire/security.ts';
import { hostsWith, type Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import { readTexts } from '../../observe/texts.ts';
import type { ForeignEtcdPems } from '../../pki/foreign-etcd.ts';
import { writeAtomic } from '../../store/atomic.ts';
import { acquireLock } from '../../store/lock.ts';
import { readKeptState, writeNewState, type KeptState } from '../../store/new-state.ts';
import { settlePrivateFiles } from '../../store/private-files.ts';
import { writeProfile } from '../../store/security-profile.ts';
import { loadOrCreatePki } from '../../store/pki.ts';
import { recordRotated } from '../../store/rotated.ts';
import { defaultStateDir, openState, peekState, type State } from '../../store/state.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { connectAll } from '../observe/connect.ts';
import { readInventory } from '../read-inventory.ts';
import { lines } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

export interface AdoptedState {
  readonly cluster: Cluster;
  readonly dir: string;
  readonly clusterId: string;
  /** false: the folder was there, with exactly this. */
  readonly written: boolean;
  /** Number of certificates and keys. */
  readonly files: number;
  /** Certificates that no host that was read has: issued by the CAs that were read back. */
  readonly issued: readonly string[];
  readonly failed: ReadonlyMap<string, KbootError>;
}

/**
 * Makes the state folder of a cluster that kboot set up from what its hosts have. Hosts are only read, and an existing
 * folder is never changed. Throws KbootError E-STATE with every obstacle, the first failure if no
 * control plane could be read, and what the inventory throws.
 */
export async function adoptState(
  { inventory, state: given }: { readonly inventory: string; readonly state?: string | undefined },
  connect: ConnectOptions,
  concurrency: number,
): Promise<AdoptedState> {
  const { cluster: assumed } = await readInventory(inventory, { withoutFiles: true, state: given });
  const state = await peekState(given ?? defaultStateDir(inventory, assumed.name));
  const site = { cluster: assumed, inventoryFile: inventory, state };
  const connections = await connectAll(site, assumed.hosts, connect, concurrency, (host, { reader }) =>
    readTexts(reader, pathsToReadBack(assumed, host)),
  );
  await connections.close();
  const { results, failed } = connections;
  refuseBlind(assumed, results, failed);
  const profile = recordedProfile(assumed, results);
  const { cluster } = await readInventory(inventory, { withoutFiles: true, profile });
  const found = readBack(cluster, results);
  const kept = await readKeptState(state);
  const clusterId = checked(found, cluster, state);
  const had = kept.material.size > 0 || (kept.clusterId !== undefined && kept.clusterId !== clusterId);
  if (had) refuseOther(state, kept, { ...found, clusterId });
  const issued = had ? [] : await writeState(state, cluster, { ...found, clusterId }, inventory);
  return {
    ...{ cluster, dir: state.dir, clusterId, written: !had },
    ...{ files: found.material.size, issued, failed },
  };
}

/** Keys are on control planes: without one there is nothing to read. */
function refuseBlind(cluster: Cluster, found: FoundFiles, failed: ReadonlyMap<string, KbootError>): void {
  const planes = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  if (planes.some((name) => found.has(name))) return;
  throw (
    planes.map((name) => failed.get(name)).find((error) => error !== undefined) ??
    new KbootError('E-CONNECT', 'no control plane could be read')
  );
}

/** The cluster's ID. Throws KbootError E-STATE if there is an obstacle. */
function checked({ clusterId, obstacles }: ReadBack, cluster: Cluster, state: State): string {
  const all: readonly Obstacle[] =
    clusterId !== undefined || obstacles.length > 0
      ? obstacles
      : [
          {
            message: `no host of ${cluster.name} was set up by kboot: none has /var/lib/kboot/cluster`,
            remedy: remedies.checkAddresses,
          },
        ];
  if (all.length === 0 && clusterId !== undefined) return clusterId;
  throw new KbootError('E-STATE', all.map(({ message }) => message).join('\n'), {
    remedy: lines(remedies.folderNotWritten({ folder: state.dir }), ...all.map(({ remedy }) => remedy)),
  });
}

/** An existing folder is left as it is: throws E-STATE if it differs from what hosts have, and tells how. */
export function refuseOther(
  state: State,
  kept: KeptState,
  found: ReadBack & { readonly clusterId: string },
): void {
  const names = [...new Set([...kept.material.keys(), ...found.material.keys()])].sort();
  const differing = names.filter((name) => {
    const [here, there] = [kept.material.get(name), found.material.get(name)];
    return here !== undefined && there !== undefined && here !== there;
  });
  const lacking = names.filter((name) => !kept.material.has(name));
  const said = [
    ...(kept.clusterId === found.clusterId
      ? []
      : [`cluster-id is ${kept.clusterId ?? 'missing'}; the hosts have ${found.clusterId}`]),
    ...(differing.length === 0 ? [] : [`differs from the hosts: ${few(differing, 10)}`]),
    ...(lacking.length === 0 ? [] : [`is not there, but on the hosts: ${few(lacking, 10)}`]),
  ];
  if (said.length === 0) return;
  throw new KbootError('E-STATE', [`${state.dir} exists, and is left as it is.`, ...said].join('\n'), {
    remedy: remedies.moveAwayOrCompare({ count: found.material.size }),
  });
}

/** Writes the folder, and issues what no host has; returns the latter. */
export async function writeState(
  state: State,
  cluster: Cluster,
  { material, clusterId, missing }: ReadBack & { readonly clusterId: string },
  inventory: string,
): Promise<readonly string[]> {
  const lock = await acquireLock(await openState(state.dir), `kboot adopt ${inventory}`);
  try {
    await settlePrivateFiles(state, cluster.state);
    // Whether it was exchanged is not on hosts: nothing is exchanged that nobody asks for now.
    await recordRotated(state, cluster);
    await writeProfile(state, cluster.security.profile);
    await writeNewState(state, { material, clusterId });
    if (missing.length === 0) return [];
    return (await loadOrCreatePki(state, cluster, { now: new Date(), randomBytes })).issued;
  } finally {
    await lock.release();
  }
}

/** The credentials of the API servers for an etcd that someone else runs, in a folder of the state folder. */
export async function writeExternalEtcd(folder: string, pems: ForeignEtcdPems): Promise<void> {
  const texts = { caFile: pems.caPem, certFile: pems.certificatePem, keyFile: pems.keyPem };
  for (const field of ['caFile', 'certFile', 'keyFile'] as const)
    await writeAtomic(join(folder, externalFiles[field]), texts[field]);
}
