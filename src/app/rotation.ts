import { setTimeout as sleep } from 'node:timers/promises';
import { apiServerPort, etcdClientPort, etcdPeerPort } from '../desire/text/address.ts';
import { extraValue } from '../desire/text/args.ts';
import { kubeletPort } from '../desire/text/kubelet-settings.ts';
import { etcdHosts, hostsWith, type Cluster } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { hasIssuedServing } from '../model/kubelet-serving.ts';
import { few } from '../model/few.ts';
import { ownCaFlags, type Rotatable } from '../model/pki.ts';
import { observeServedCertificate } from '../observe/served-certificate.ts';
import { isSignedBy, parseCertificate } from '../pki/parse.ts';
import { stageAfter, type Rotation } from '../pki/rotation.ts';
import { gatesOf, tasksOf } from '../plan/steps.ts';
import { conditionText, targetText } from '../plan/target.ts';
import type { PlanScope } from '../plan/scope.ts';
import { acquireLock } from '../store/lock.ts';
import { dueRotation, recordRotated, rotatedOf } from '../store/rotated.ts';
import { advanceRotation, readRotation } from '../store/rotation.ts';
import { defaultStateDir, openState, peekState } from '../store/state.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { makePlan, type LivePlan } from './make-plan.ts';
import type { CommonOptions, Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';
import type { Text } from '../model/language/text.ts';

const wholeCluster: PlanScope = { until: 'addon', limit: [], ignore: [] };

/** An exchange of CAs that has begun, and what spec.pki.rotate asks for. */
export interface AskedRotation {
  readonly begun: Rotation | undefined;
  /** Listed, and not exchanged yet. */
  readonly due: readonly Rotatable[];
  /** Listed, and exchanged. */
  readonly done: readonly Rotatable[];
}

/** Reads it from the state folder. Throws KbootError E-STATE. */
export async function askedRotation(
  { inventory, state: dir }: Pick<CommonOptions, 'inventory' | 'state'>,
  cluster: Cluster,
): Promise<AskedRotation> {
  const state = await peekState(dir ?? defaultStateDir(inventory, cluster.name));
  return {
    begun: await readRotation(state),
    due: await dueRotation(state, cluster),
    done: await rotatedOf(state, cluster),
  };
}

/**
 * Throws KbootError E-USAGE for what is not the cluster's own: others exchange it, and kboot would put nothing into effect.
 */
export function refuseForeignCas({ cluster }: Workspace, cas: readonly Rotatable[]): void {
  if (cluster.etcd.external !== undefined && cas.includes('etcd-ca'))
    throw new KbootError('E-USAGE', 'etcd-ca is not a CA of this cluster: spec.etcd.external has its own', {
      remedy: remedies.ownersExchange,
    });
  const own = ownCaFlags.flatMap(([component, flag, ca]) =>
    cas.includes(ca) && extraValue(cluster[component].extraArgs, flag) !== undefined
      ? [{ ca, field: `spec.${component}.extraArgs.${flag}` }]
      : [],
  );
  const [first] = own;
  if (first !== undefined)
    throw new KbootError(
      'E-USAGE',
      `${first.ca} cannot be exchanged: ${own.map(({ field }) => field).join(', ')} names a file of yours`,
      { remedy: remedies.removeCaFlag },
    );
}

/**
 * Why the cluster was not wholly read, or is not as the inventory says; undefined if all is well. An exchange of CAs restarts
 * members in turn, and each stage rests on what every host has reached: none begins before.
 */
export async function whyUnsettled(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
): Promise<string | undefined> {
  return await unsettled(workspace, connect, concurrency, {
    patienceMs: 0,
    check: () => Promise.resolve(undefined),
  });
}

/** Throws KbootError E-PREFLIGHT for what whyUnsettled found. */
export function refuseUnsettled(why: string | undefined, remedy: Text): void {
  if (why === undefined) return;
  throw new KbootError('E-PREFLIGHT', `CAs are exchanged only in a cluster that is well: ${why}`, { remedy });
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
    let now: string | undefined;
    const why = await unsettled(workspace, connect, concurrency, {
      patienceMs: settleMs,
      check: async (live) => {
        if (live.seen.rotation === undefined) return 'no API server answers';
        now = live.seen.rotation.now;
        if (now === undefined) return 'no API server tells the time';
        return rotation.stage === 'trust' ? undefined : await servedByOthers(workspace, rotation, live);
      },
    });
    if (why !== undefined)
      throw new KbootError('E-WAIT', `the hosts have not all reached stage ${rotation.stage}: ${why}`, {
        remedy: remedies.stageGoesOn,
      });
    // Killed after the record, the last stage is still under way.
    if (stageAfter(rotation) === undefined) await recordRotated(state, cluster, rotation.cas);
    return await advanceRotation(state, cluster, rotation, now);
  } finally {
    await lock.release();
  }
}

/** How long what has just restarted may take until it is ready. */
const settleMs = 120_000;
const pollMs = 3_000;

interface SettleOptions {
  readonly patienceMs: number;
  /** Why it is not as it should be, though no step and no gate says so. */
  readonly check: (live: LivePlan) => Promise<string | undefined>;
}

/** Why the whole cluster is not as its workspace says, once what is on its way has had time to be; undefined if it is. */
async function unsettled(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  { patienceMs, check }: SettleOptions,
): Promise<string | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const live = await makePlan(workspace, wholeCluster, connect, concurrency);
    try {
      const why = difference(live) ?? (await check(live));
      if (why === undefined || Date.now() >= deadline) return why;
    } finally {
      await live.connections.close();
    }
    await sleep(pollMs);
  }
}

function difference({ plan, connections }: LivePlan): string | undefined {
  if (connections.failed.size > 0) return `${few([...connections.failed.keys()], 3)} could not be read`;
  const steps = tasksOf(plan.phases).flatMap(({ on, steps: own }) =>
    own.map(({ target }) => `${typeof on === 'string' ? '' : `${on.host}: `}${targetText(target)}`),
  );
  if (steps.length > 0) return `${few(steps, 3)} would change`;
  const gates = gatesOf(plan).map(({ condition }) => conditionText(condition));
  return gates.length === 0 ? undefined : `${few(gates, 3)} not ready`;
}

/** Servers that present a certificate of another CA than the one that signs now. */
async function servedByOthers(
  { cluster, pki }: Workspace,
  { cas }: Rotation,
  { connections }: LivePlan,
): Promise<string | undefined> {
  const servers = [
    ...(cas.includes('etcd-ca')
      ? etcdHosts(cluster).flatMap((host) =>
          [etcdClientPort, etcdPeerPort].map((port) => ({ ...host, port, ca: 'etcd-ca' as const })),
        )
      : []),
    ...(cas.includes('ca')
      ? hostsWith(cluster, 'control-plane').map((host) => ({
          ...host,
          port: apiServerPort,
          ca: 'ca' as const,
        }))
      : []),
    ...(cas.includes('ca')
      ? cluster.hosts
          .filter((host) => hasIssuedServing(cluster, host))
          .map((host) => ({ ...host, port: kubeletPort(cluster, host), ca: 'ca' as const }))
      : []),
  ];
  const others = await Promise.all(
    servers.map(async ({ name, address, port, ca: id }) => {
      const ca = parseCertificate(pki.signer(id).cert);
      const reader = connections.open.get(name)?.reader;
      const served = reader && (await observeServedCertificate(reader, address, port));
      if (served === undefined || typeof served === 'string')
        return `${name}:${port} (${served ?? 'not read'})`;
      return ca !== undefined && isSignedBy(served, ca) ? [] : `${name}:${port}`;
    }),
  );
  const found = others.flat();
  return found.length === 0 ? undefined : `another certificate is served at ${found.join(', ')}`;
}
