import {
  getObject,
  itemsIn,
  openKube,
  refused,
  type KubeClient,
  type KubeCredentials,
} from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { fieldManager } from '../kube/owned.ts';
import { collectionPath } from '../kube/paths.ts';
import { objectKey, type KubeObject } from '../kube/types.ts';
import { allObjects, ownLabel, type DesiredCluster } from '../kube/desired-cluster.ts';
import { bootstrapRoles } from '../kube/bootstrap-roles.ts';
import { removedNodesRefs } from '../kube/removed-nodes.ts';
import { observeAddons, type AddonsObservation } from './addons.ts';
import { servedVersion } from './served.ts';
import type { Reader } from '../transport/types.ts';

/** The live state of the API. */
export type ClusterObservation =
  /** No control-plane host holds etcd data: there is no cluster yet. */
  | { readonly state: 'absent' }
  /** There may be a cluster, and its API did not answer. */
  | { readonly state: 'unavailable'; readonly why: string }
  | {
      readonly state: 'present';
      /** By objectKey (kube/types.ts); an object that is not in it does not exist. */
      readonly objects: ReadonlyMap<string, KubeObject>;
      readonly nodes: ReadonlyMap<string, KubeObject>;
      readonly pods: ReadonlyMap<string, KubeObject>;
      /** That of the API server that was asked; undefined: it did not say. */
      readonly version?: string | undefined;
      /** Absent: add-ons are not in scope. */
      readonly addons?: AddonsObservation;
    };

/**
 * Reads everything that the cluster must hold through one API server, the list of removed nodes, and the API server's
 * own roles. `silent` if the server does not respond.
 */
export async function observeCluster(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
  wants: DesiredCluster,
): Promise<ClusterObservation> {
  let kube: KubeClient | undefined;
  try {
    kube = await openKube(await reader.forward(address, 6443), credentials);
    const client = kube;
    const [objects, swept, nodes, pods, version, addons] = await Promise.all([
      Promise.all(
        [
          ...allObjects(wants),
          ...(wants.retired ?? []),
          ...removedNodesRefs,
          ...bootstrapRoles,
          ...(wants.record === undefined ? [] : [wants.record]),
        ].map((object) => getObject(client, object)),
      ),
      Promise.all(wants.prunedKinds.map((kind) => listOwn(client, kind))),
      list(client, '/api/v1/nodes'),
      list(client, '/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane'),
      servedVersion(client),
      wants.addons && observeAddons(client, wants.addons),
    ]);
    return {
      state: 'present',
      objects: new Map(
        [...objects, ...swept.flat()].flatMap((object) =>
          object === undefined ? [] : [[objectKey(object), object]],
        ),
      ),
      nodes,
      pods,
      version,
      ...(addons && { addons }),
    };
  } catch (error) {
    return { state: 'unavailable', why: error instanceof Error ? error.message : String(error) };
  } finally {
    kube?.close();
  }
}

/** Objects with kboot's label; empty if the kind is not defined. */
async function listOwn(
  client: KubeClient,
  { apiVersion, kind, namespace }: DesiredCluster['prunedKinds'][number],
): Promise<readonly KubeObject[]> {
  const selector = encodeURIComponent(`${ownLabel.key}=${ownLabel.value}`);
  const path = `${collectionPath(apiVersion, kind, namespace)}?labelSelector=${selector}`;
  const response = await client.request('GET', path);
  if (response.status === 404) return [];
  if (response.status !== 200) throw refused(`reading ${path}`, response);
  // Items of a list do not carry their type.
  return itemsIn(response.body, path).map((item) => ({
    ...item,
    apiVersion,
    kind,
  }));
}

/** The objects of a collection by name, without what kboot never looks at: on a thousand Nodes it is most of them. */
async function list(kube: KubeClient, path: string): Promise<Map<string, KubeObject>> {
  const keep = (object: KubeObject): readonly [string, KubeObject] => [object.metadata.name, brief(object)];
  return new Map(await listAll(kube, path, keep, { isCore: true }));
}

function brief(object: KubeObject): KubeObject {
  const { managedFields } = object.metadata as {
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
  const status = { ...(object['status'] as object | undefined), images: undefined };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(managedFields && {
        managedFields: managedFields.filter(({ manager }) => manager === fieldManager),
      }),
    },
    status,
  };
}
