import type { Cluster, Host, UpgradePolicy } from '../../model/cluster.ts';

/** A worker whose kubelet is replaced. */
export interface WorkerTurn {
  readonly host: Host;
  /** Whether it serves now: one that does not goes first, since nothing is lost there. */
  readonly ready: boolean;
  /** Whether an earlier run has drained it and did not end. */
  readonly begun: boolean;
}

/**
 * Which workers are replaced at the same time, in order: at most spec.upgrade.maxUnavailable, less those that are down
 * and not in the plan, and never workers of two upgrade groups. `canary`: the first one goes alone, since what does not
 * work there stops before the others.
 */
export function workerBatches(
  cluster: Cluster,
  workers: readonly WorkerTurn[],
  down: number,
  canary: boolean,
): readonly (readonly Host[])[] {
  const size = Math.max(1, atOnce(cluster) - down);
  const rank = ({ begun, ready }: WorkerTurn): number => (begun ? 0 : ready ? 2 : 1);
  const sorted = workers.toSorted((one, other) => rank(one) - rank(other));
  const groups = new Map<string, Host[]>();
  for (const { host } of sorted) {
    const key = host.upgradeGroup ?? '';
    groups.set(key, [...(groups.get(key) ?? []), host]);
  }
  const batches = [...groups.values()].flatMap((hosts) => chunks(hosts, size));
  const [first = [], ...rest] = batches;
  if (!canary || first.length < 2) return batches;
  return [first.slice(0, 1), first.slice(1), ...rest];
}

/** The number of workers that may be unavailable at the same time. */
export function atOnce({ hosts, upgrade }: Pick<Cluster, 'hosts' | 'upgrade'>): number {
  const workers = hosts.filter(isOnlyWorker).length;
  return Math.max(1, countOf(upgrade.maxUnavailable, workers));
}

/** Whether a host runs Pods and holds neither a control plane nor an etcd member. */
export function isOnlyWorker({ roles }: Host): boolean {
  return roles.includes('worker') && !roles.includes('control-plane');
}

function countOf(limit: UpgradePolicy['maxUnavailable'], workers: number): number {
  return typeof limit === 'number' ? limit : Math.floor((workers * Number.parseInt(limit, 10)) / 100);
}

function chunks(hosts: readonly Host[], size: number): Host[][] {
  return Array.from({ length: Math.ceil(hosts.length / size) }, (_, index) =>
    hosts.slice(index * size, (index + 1) * size),
  );
}
