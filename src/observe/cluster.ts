import { getObject, openKube, refused, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import { objectTitle, type KubeObject } from '../kube/types.ts';
import type { ClusterObservation, ClusterWants } from '../plan/cluster-wants.ts';
import type { Reader } from '../transport/types.ts';

/**
 * Reads through one API server whatever the cluster must hold. `silent` when it does not answer.
 */
export async function observeCluster(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
  wants: ClusterWants,
): Promise<ClusterObservation> {
  let kube: KubeClient | undefined;
  try {
    kube = await openKube(await reader.forward(address, 6443), credentials);
    const client = kube;
    const [objects, nodes, pods] = await Promise.all([
      Promise.all(
        [...wants.objects.map(({ object }) => object), ...wants.lateObjects].map((object) =>
          getObject(client, object),
        ),
      ),
      list(client, '/api/v1/nodes'),
      list(client, '/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane'),
    ]);
    return {
      state: 'present',
      objects: new Map(
        objects.flatMap((object) => (object === undefined ? [] : [[objectTitle(object), object]])),
      ),
      nodes,
      pods,
    };
  } catch (error) {
    return { state: 'silent', why: error instanceof Error ? error.message : String(error) };
  } finally {
    kube?.close();
  }
}

async function list(kube: KubeClient, path: string): Promise<Map<string, KubeObject>> {
  const response = await kube.request('GET', path);
  if (response.status !== 200) throw refused(`reading ${path}`, response);
  const { items } = response.body as { items: readonly KubeObject[] };
  return new Map(items.map((item) => [item.metadata.name, item]));
}
