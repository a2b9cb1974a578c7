import type { Cluster } from '../../../model/cluster.ts';
import type { Inspection } from '../../../model/inspection.ts';
import type { PodSeen, UpgradeObservation } from '../../../observe/upgrade/observation.ts';
import type { CheckName } from '../../../model/preflight-checks.ts';
import type { Bundle } from '../../../store/bundle.ts';
import type { Finding } from '../finding.ts';
import { remedyFields, type Text } from '../../../model/language/text.ts';

/** What an upgrade is judged by. */
export interface UpgradeCheckInput {
  readonly cluster: Cluster;
  /** Versions: the oldest that an API server serves now, and that of the inventory. */
  readonly from: string;
  readonly to: string;
  /** Nodes that will be drained. */
  readonly drains: readonly string[];
  readonly seen: UpgradeObservation;
  readonly inspections: ReadonlyMap<string, Inspection>;
  /** A snapshot was taken for this upgrade not long ago: an earlier run may have replaced members of etcd. */
  readonly begun?: boolean;
  /** Of the new version. */
  readonly bundle?: Pick<Bundle, 'files' | 'images'> | undefined;
}

/** Findings of one check at a host or Node; several hosts with the same message are shown as one. */
export function findingAt(
  host: string,
  check: CheckName,
  level: Finding['level'],
  message: string,
  remedy: Text,
): Finding {
  return { check, level, host, message, ...remedyFields(remedy) };
}

/** Where a finding about the whole cluster belongs: its first control plane. */
export function clusterHost({ cluster }: UpgradeCheckInput): string {
  return cluster.hosts.find(({ roles }) => roles.includes('control-plane'))?.name ?? '';
}

export function isReadyPod({ status }: PodSeen): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** `Deployment shop/web`: what creates a Pod again; the Pod itself if nothing does. */
export function workloadOf({ metadata }: PodSeen): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const where = metadata.namespace ?? '';
  if (owner === undefined) return `Pod ${where}/${metadata.name}`;
  const hash = metadata.labels?.['pod-template-hash'];
  // A Deployment names its ReplicaSets so (pkg/controller/deployment/sync.go).
  return owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? `Deployment ${where}/${owner.name.slice(0, -hash.length - 1)}`
    : `${owner.kind} ${where}/${owner.name}`;
}

/** The turn of a Node: Nodes of one upgradeGroup are drained together. */
export function turnOf(cluster: Cluster, node: string): string {
  const group = cluster.hosts.find(({ name }) => name === node)?.upgradeGroup;
  return group === undefined ? `node ${node}` : `group ${group}`;
}
