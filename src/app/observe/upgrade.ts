import type { KubeObject } from '../../kube/types.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { UpgradeObservation } from '../../observe/upgrade/observation.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';
import { servingHosts } from './cluster.ts';
import type { Connections } from './connect.ts';

/**
 * What would stop an upgrade half-way, read through the first API server that answers; undefined if the cluster has the
 * inventory's version, or no API server answered.
 */
export async function observeUpgrade(
  { cluster, pki }: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  api: ClusterObservation | undefined,
): Promise<UpgradeObservation | undefined> {
  if (api?.state !== 'present' || !isBehind(cluster, api)) return undefined;
  const servers = servingHosts(cluster, inspections).flatMap(({ name, address }) => {
    const reader = connections.open.get(name)?.reader;
    return reader === undefined ? [] : [{ host: name, address, reader }];
  });
  // HTTP/2 and TLS cost start-up time that offline plans need not pay.
  const { observeUpgrade: observe } = await import('../../observe/upgrade/index.ts');
  return await observe(servers, apiCredentials(pki), api.nodes);
}

/** Whether a kubelet or an API server has another version than the inventory. */
function isBehind(
  { kubernetesVersion }: Cluster,
  { nodes, pods }: ClusterObservation & { readonly state: 'present' },
): boolean {
  const kubelets = [...nodes.values()].map(
    ({ status }) =>
      (status as { nodeInfo?: { kubeletVersion?: string } } | undefined)?.nodeInfo?.kubeletVersion,
  );
  const images = [...pods.values()].flatMap(apiServerImages);
  return (
    kubelets.some((version) => version !== undefined && version !== kubernetesVersion) ||
    images.some((image) => !image.endsWith(`:${kubernetesVersion}`))
  );
}

function apiServerImages({ spec }: KubeObject): readonly string[] {
  const { containers = [] } = (spec ?? {}) as { containers?: readonly { name: string; image: string }[] };
  return containers.filter(({ name }) => name === 'kube-apiserver').map(({ image }) => image);
}
