import semver from 'semver';
import { kubeletVersionOf } from '../../kube/readiness.ts';
import { hostsWith, isNode, type Cluster } from '../../model/cluster.ts';
import type { StaticPodComponent } from '../../model/component.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { Observed } from '../observed.ts';

/** The versions in a cluster, by host: `v1.36.2`. Hosts where a component does not exist are not in its map. */
export interface ClusterVersions {
  /** What an API server serves; where it does not answer, what its manifest states. */
  readonly apiServers: ReadonlyMap<string, string>;
  /** Hosts whose API server answers. */
  readonly serving: ReadonlySet<string>;
  /** The older one of controller-manager and scheduler, and the newer one, from their manifests. */
  readonly controllers: ReadonlyMap<string, { readonly oldest: string; readonly newest: string }>;
  /** What a kubelet reported last. */
  readonly kubelets: ReadonlyMap<string, string>;
}

/** A change of the Kubernetes version. */
export interface VersionChange {
  /** The oldest version in the cluster on the way up, the newest one on the way down. */
  readonly from: string;
  readonly to: string;
  readonly direction: 'up' | 'down';
}

/** The versions of a cluster, from everything that was observed. */
export function versionsOf(
  cluster: Cluster,
  seen: Pick<Observed, 'hosts' | 'served' | 'api'>,
): ClusterVersions {
  const apiServers = new Map<string, string>();
  const controllers = new Map<string, { oldest: string; newest: string }>();
  for (const { name } of hostsWith(cluster, 'control-plane')) {
    const stated = seen.hosts.get(name)?.inspection.podVersions ?? {};
    const version = known(seen.served.get(name) ?? stated['kube-apiserver']);
    if (version !== undefined) apiServers.set(name, version);
    const both = (['kube-controller-manager', 'kube-scheduler'] as const satisfies StaticPodComponent[])
      .flatMap((component) => known(stated[component]) ?? [])
      .toSorted(semver.compare);
    const [oldest, newest] = [both[0], both.at(-1)];
    if (oldest !== undefined && newest !== undefined) controllers.set(name, { oldest, newest });
  }
  return {
    apiServers,
    serving: new Set(seen.served.keys()),
    controllers,
    kubelets: new Map(
      cluster.hosts.filter(isNode).flatMap(({ name }): [string, string][] => {
        const version = known(kubeletVersion(seen.api, name));
        return version === undefined ? [] : [[name, version]];
      }),
    ),
  };
}

/** The version change that takes a cluster to `to`; undefined if everything in it has that version. */
export function versionChange(versions: ClusterVersions, to: string): VersionChange | undefined {
  const all = [
    ...versions.apiServers.values(),
    ...[...versions.controllers.values()].flatMap(({ oldest, newest }) => [oldest, newest]),
    ...versions.kubelets.values(),
  ].toSorted(semver.compare);
  const oldest = all[0];
  const newest = all.at(-1);
  if (oldest === undefined || newest === undefined) return undefined;
  if (semver.gt(newest, to)) return { from: newest, to, direction: 'down' };
  return semver.lt(oldest, to) ? { from: oldest, to, direction: 'up' } : undefined;
}

/** The version that the kubelet of a Node reported. */
export function kubeletVersion(api: ClusterObservation | undefined, node: string): string | undefined {
  return api?.state === 'present' ? kubeletVersionOf(api.nodes.get(node)) : undefined;
}

/** A version without the suffix of a vendor: `v1.36.2+k3s1` counts as v1.36.2. */
function known(version: string | undefined): string | undefined {
  const parsed = semver.parse(version);
  return parsed === null ? undefined : `v${parsed.major}.${parsed.minor}.${parsed.patch}`;
}
