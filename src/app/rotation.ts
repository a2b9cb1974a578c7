import { etcdClientPort, etcdPeerPort } from '../desire/text/address.ts';
import { etcdHosts } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { observeServedCertificate } from '../observe/served-certificate.ts';
import { isSignedBy, parseCertificate } from '../pki/parse.ts';
import type { Rotatable, Rotation } from '../pki/rotation.ts';
import { changesAnything, gatesOf } from '../plan/steps.ts';
import type { PlanScope } from '../plan/scope.ts';
import { acquireLock } from '../store/lock.ts';
import { advanceRotation, readRotation } from '../store/rotation.ts';
import { defaultStateDir, openState, peekState } from '../store/state.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { makePlan, type LivePlan } from './make-plan.ts';
import { readInventory } from './read-inventory.ts';
import type { CommonOptions, Workspace } from './workspace.ts';

const wholeCluster: PlanScope = { until: 'addon', limit: [], ignore: [] };

/** The exchange of CAs that has begun, if one has. Throws KbootError E-INVENTORY, E-STATE. */
export async function begunRotation({
  inventory,
  state,
}: Pick<CommonOptions, 'inventory' | 'state'>): Promise<Rotation | undefined> {
  const { cluster } = readInventory(inventory, { withoutFiles: true });
  return await readRotation(await peekState(state ?? defaultStateDir(inventory, cluster.name)));
}

/** Throws KbootError E-USAGE for a CA that is not the cluster's own. */
export function refuseForeignCas({ cluster }: Workspace, cas: readonly Rotatable[]): void {
  if (cluster.etcd.external === undefined || !cas.includes('etcd-ca')) return;
  throw new KbootError('E-USAGE', 'etcd-ca is not a CA of this cluster: spec.etcd.external has its own', {
    remedy:
      "Whoever runs that etcd exchanges its CA; put the new files into spec.etcd.external's caFile, certFile and keyFile.",
  });
}

/**
 * Throws KbootError E-PREFLIGHT unless the whole cluster was read and is as the inventory says: an exchange of CAs restarts
 * members in turn, and each stage rests on what every host has reached.
 */
export async function refuseUnsettled(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
): Promise<void> {
  const why = await unsettled(workspace, connect, concurrency, () => Promise.resolve(undefined));
  if (why === undefined) return;
  throw new KbootError('E-PREFLIGHT', `CAs are exchanged only in a cluster that is well: ${why}`, {
    remedy: 'Run `kboot up` without --rotate-ca first. Nothing was changed.',
  });
}

/**
 * Ends a stage: reads every host again, and records the next stage if all have reached this one and serve accordingly.
 * Returns the exchange as it goes on; undefined: it has ended. Throws KbootError E-WAIT if a host has not reached the stage.
 */
export async function endStage(
  workspace: Workspace,
  rotation: Rotation,
  connect: ConnectOptions,
  concurrency: number,
): Promise<Rotation | undefined> {
  const { cluster } = workspace;
  const state = await openState(workspace.state.dir);
  const lock = await acquireLock(state, `kboot up ${workspace.inventoryFile}`);
  try {
    const why = await unsettled(workspace, connect, concurrency, (live) =>
      rotation.stage === 'trust' ? Promise.resolve(undefined) : servedByOthers(workspace, live),
    );
    if (why !== undefined)
      throw new KbootError('E-WAIT', `the hosts have not all reached stage ${rotation.stage}: ${why}`, {
        remedy: 'Nothing is lost. Run the same command again: it goes on with this stage.',
      });
    return await advanceRotation(state, cluster, rotation);
  } finally {
    await lock.release();
  }
}

/** Why the whole cluster is not as the plan of its workspace says; undefined if it is. */
async function unsettled(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  check: (live: LivePlan) => Promise<string | undefined>,
): Promise<string | undefined> {
  const live = await makePlan(workspace, wholeCluster, connect, concurrency);
  try {
    const { plan, connections } = live;
    if (connections.failed.size > 0) return `${[...connections.failed.keys()].join(', ')} could not be read`;
    if (changesAnything(plan) || gatesOf(plan).length > 0) return 'it differs from the inventory';
    return await check(live);
  } finally {
    await live.connections.close();
  }
}

/** Members that serve a certificate of another CA than the one that signs now. */
async function servedByOthers(
  { cluster, pki }: Workspace,
  { connections }: LivePlan,
): Promise<string | undefined> {
  const ca = parseCertificate(pki.signer('etcd-ca').cert);
  const others = await Promise.all(
    etcdHosts(cluster).flatMap(({ name, address }) =>
      [etcdClientPort, etcdPeerPort].map(async (port) => {
        const reader = connections.open.get(name)?.reader;
        const served = reader && (await observeServedCertificate(reader, address, port));
        if (served === undefined || typeof served === 'string')
          return `${name}:${port} (${served ?? 'not read'})`;
        return ca !== undefined && isSignedBy(served, ca) ? [] : `${name}:${port}`;
      }),
    ),
  );
  const found = others.flat();
  return found.length === 0 ? undefined : `another certificate is served at ${found.join(', ')}`;
}
