import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import type { Cluster, Host } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { EtcdObservation } from '../../observe/etcd.ts';
import type { HostDecision } from '../diff/host.ts';
import type { UpgradeSnapshot } from '../../model/snapshot.ts';
import type { ClusterVersions, VersionChange } from './versions.ts';
import { isOnlyWorker } from './workers.ts';

/** Everything that an upgrade is planned from. */
export interface UpgradeInput {
  readonly cluster: Cluster;
  readonly change: VersionChange;
  readonly versions: ClusterVersions;
  /** With the changes of each host in its order. */
  readonly perHost: ReadonlyMap<string, HostDecision>;
  readonly inspections: ReadonlyMap<string, Inspection>;
  readonly etcd: EtcdObservation;
  readonly api: ClusterObservation | undefined;
  readonly desired: Pick<DesiredCluster, 'controlPlanePods' | 'nodes'>;
  readonly snapshots: readonly UpgradeSnapshot[];
  /** Workers stay as they are: they may skip this version. */
  readonly holdWorkers: boolean;
}

/** A host that is not a Node yet and runs nothing that others count on: all its changes are one task. */
export function joins(host: Host, { inspections, api }: UpgradeInput): boolean {
  const registered = api?.state === 'present' && api.nodes.has(host.name);
  return isOnlyWorker(host) && !registered && inspections.get(host.name)?.kubeletActive !== true;
}

/** Whether etcd reports the member of a host as one that serves. */
export function isHealthyMember({ name }: Host, { etcd }: UpgradeInput): boolean {
  return (
    etcd.state === 'present' &&
    etcd.members.some((member) => member.name === name && etcd.healthy.has(member.id))
  );
}
