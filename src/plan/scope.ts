import type { Cluster, Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';
import { remedies } from './remedies.ts';

/** The part of a cluster that a plan covers. */
export interface PlanScope {
  readonly until: Stage;
  /** Only these hosts change; empty: all. */
  readonly limit: readonly string[];
  readonly ignore: readonly string[];
  /** Workers keep their version: they may skip this one on the way to another. */
  readonly holdWorkers?: boolean;
  /** The certificates of these hosts are renewed. */
  readonly renewCerts?: boolean;
}

/** The hosts named by `--limit`, or all without it. Throws KbootError E-USAGE for a host that is not in the inventory. */
export function limitedHosts(cluster: Cluster, limit: readonly string[]): readonly Host[] {
  const names = cluster.hosts.map((host) => host.name);
  const unknown = limit.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new KbootError('E-USAGE', `--limit names ${unknown.join(', ')}, not in the inventory`, {
      remedy: remedies.itsHosts({ hosts: few(names, 10) }),
    });
  return limit.length === 0 ? cluster.hosts : cluster.hosts.filter((host) => limit.includes(host.name));
}

/** The hosts that a plan reads: the hosts that may change, and every control plane. Throws as limitedHosts does. */
export function scopedHosts(cluster: Cluster, scope: PlanScope): readonly Host[] {
  const named = limitedHosts(cluster, scope.limit);
  return cluster.hosts.filter((host) => named.includes(host) || host.roles.includes('control-plane'));
}

/** Whether a host is only read. */
export function isReadOnly(scope: PlanScope, host: string): boolean {
  return scope.limit.length > 0 && !scope.limit.includes(host);
}

/** Whether a plan includes a stage. */
export function reaches(scope: PlanScope, stage: Stage): boolean {
  return stagesUntil(scope.until).includes(stage);
}
