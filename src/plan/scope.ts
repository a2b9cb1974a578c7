import type { Cluster, Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';

/** How much of a cluster a plan is about. */
export interface PlanScope {
  readonly until: Stage;
  /** Only these hosts change; empty: all. */
  readonly limit: readonly string[];
  readonly ignore: readonly string[];
  /** These hosts' certificates are issued anew. */
  readonly renewCerts?: boolean;
}

/** The hosts that `--limit` names, all where it names none. Throws KbootError E-USAGE for one that the inventory lacks. */
export function limitedHosts(cluster: Cluster, limit: readonly string[]): readonly Host[] {
  const names = cluster.hosts.map((host) => host.name);
  const unknown = limit.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new KbootError(
      'E-USAGE',
      `--limit names ${unknown.join(', ')}, which the inventory does not have`,
      { remedy: `Its hosts are ${names.join(', ')}.` },
    );
  return limit.length === 0 ? cluster.hosts : cluster.hosts.filter((host) => limit.includes(host.name));
}

/** The hosts that a plan reads: those that change, and every control plane. Throws what limitedHosts throws. */
export function scopedHosts(cluster: Cluster, scope: PlanScope): readonly Host[] {
  const named = limitedHosts(cluster, scope.limit);
  return cluster.hosts.filter((host) => named.includes(host) || host.roles.includes('control-plane'));
}

/** Whether a host is only read. */
export function isReadOnly(scope: PlanScope, host: string): boolean {
  return scope.limit.length > 0 && !scope.limit.includes(host);
}

/** Whether a plan gets as far as a stage. */
export function reaches(scope: PlanScope, stage: Stage): boolean {
  return stagesUntil(scope.until).includes(stage);
}
