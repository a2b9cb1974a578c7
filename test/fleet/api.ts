import { apiCredentials } from '../../src/app/credentials.ts';
import { desireCluster } from '../../src/desire/cluster.ts';
import type { Desire } from '../../src/desire/context.ts';
import { bootstrapRoles } from '../../src/kube/bootstrap-roles.ts';
import { allObjects, type DesiredCluster } from '../../src/kube/desired-cluster.ts';
import { objectPath } from '../../src/kube/paths.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Host } from '../../src/model/cluster.ts';
import { fillPlaceholders } from '../../src/resource/placeholder.ts';
import { startApi, type FakeApi } from '../kube/api-server.ts';
import { daemonPod, mirrorPod, nodeObject, time, withReady, withStatus } from './objects.ts';

type Request = Parameters<FakeApi['answer']>[0];
type Answer = ReturnType<FakeApi['answer']>;

/** The API of a fleet: what kboot applies, and the Nodes of the hosts that have joined with the Pods that run there. */
export interface FleetApi {
  readonly port: number;
  /** Requests since the last `forget`: `GET /api/v1/nodes`. */
  readonly requests: readonly string[];
  /** It has what kboot applies, and no Nodes. */
  fill(): void;
  /** It has nothing. */
  empty(): void;
  /** Its Node is there, and Ready. */
  join(host: Host): void;
  /** Removes its Node. */
  leave(host: Host): void;
  /** Its kubelet reports, or not any more. */
  setReady(host: Host, isReady: boolean): void;
  forget(): void;
  close(): Promise<void>;
}

/** Starts the API of a cluster whose certificates are issued. */
export async function startFleetApi(desire: Desire): Promise<FleetApi> {
  const { pki } = desire;
  const server = pki.certificate('apiserver');
  const api = await startApi({ server, credentials: apiCredentials(pki) }, { anonymous: true });
  const wants = desireCluster(desire);
  const { objects } = api;
  /** Names of the Nodes, and whether each is Ready. */
  const nodes = new Map<string, boolean>();
  let version = 1;
  const put = (path: string, object: KubeObject): KubeObject => {
    const written = { uid: path, resourceVersion: String(++version) };
    const metadata = { creationTimestamp: time, ...object.metadata, ...written };
    const stored = { ...object, metadata };
    objects.set(path, stored);
    return stored;
  };
  const add = (object: KubeObject): void => {
    put(objectPath(object), object);
  };
  const objectsOf = (host: Host): readonly KubeObject[] => hostObjects(host, desire, wants);
  api.answer = (request) => {
    const answer = answerOf(objects, request, desire, put);
    if (answer === undefined || answer === 'hang up' || request.method !== 'GET') return answer;
    const counts = { all: nodes.size, ready: [...nodes.values()].filter(Boolean).length };
    return { ...answer, body: withStatus(answer.body as KubeObject, counts) };
  };
  return {
    port: api.port,
    get requests() {
      return api.requests.map(({ method, path }) => `${method} ${path}`);
    },
    fill() {
      objects.clear();
      nodes.clear();
      const record = wants.record === undefined ? [] : [wants.record];
      for (const object of [...allObjects(wants), ...record, ...bootstrapRoles])
        add(withFacts(object, desire));
    },
    empty() {
      objects.clear();
      nodes.clear();
    },
    join(host) {
      nodes.set(host.name, true);
      for (const object of objectsOf(host)) add(object);
    },
    leave(host) {
      nodes.delete(host.name);
      for (const object of objectsOf(host)) objects.delete(objectPath(object));
    },
    setReady(host, isReady) {
      if (!nodes.has(host.name)) return;
      nodes.set(host.name, isReady);
      for (const object of objectsOf(host)) add(withReady(object, isReady));
    },
    forget() {
      api.requests.length = 0;
    },
    close: () => api.close(),
  };
}

function withFacts(object: KubeObject, { pki, clusterId }: Desire): KubeObject {
  const facts = { 'ca.crt': pki.signer('ca').cert, 'cluster-id': clusterId ?? '' };
  return JSON.parse(JSON.stringify(object), (_key, value: unknown) =>
    typeof value === 'string' ? fillPlaceholders(value, (name) => facts[name]) : value,
  ) as KubeObject;
}

/** The Node of a host, its mirror Pods, and its Pods of DaemonSets. */
function hostObjects(
  host: Host,
  { cluster }: Desire,
  { nodes, controlPlanePods, workloads }: DesiredCluster,
): readonly KubeObject[] {
  const node = nodes.find(({ name }) => name === host.name);
  const index = cluster.hosts.indexOf(host);
  return [
    ...(node === undefined ? [] : [nodeObject(host, index, node, cluster.kubernetesVersion)]),
    ...controlPlanePods.flatMap((pod) => (pod.host === host.name ? [mirrorPod(pod)] : [])),
    ...workloads.flatMap(({ workload, namespace, name }) =>
      workload === 'DaemonSet' ? [daemonPod({ namespace, name }, host.name)] : [],
    ),
  ];
}

const collection = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+)?\/[a-z]+$/;

/** Objects and lists that are read, and objects that are created or applied; the rest is the usual. */
function answerOf(
  objects: Map<string, KubeObject>,
  { method, path, body, contentType }: Request,
  { cluster }: Desire,
  put: (path: string, object: KubeObject) => KubeObject,
): Answer {
  const [name = '', query = ''] = path.split('?');
  if (name === '/version') return { status: 200, body: { gitVersion: cluster.kubernetesVersion } };
  const found = objects.get(name);
  if (method === 'GET' && found !== undefined) return { status: 200, body: found };
  if (method === 'GET' && collection.test(name))
    return { status: 200, body: listOf(objects, name, new URLSearchParams(query)) };
  const object = body as KubeObject;
  if (method === 'POST') return { status: 201, body: put(`${name}/${object.metadata.name}`, object) };
  if (method === 'PUT' || contentType.includes('apply-patch'))
    return { status: found === undefined ? 201 : 200, body: put(name, object) };
  return undefined;
}

function listOf(objects: ReadonlyMap<string, KubeObject>, path: string, query: URLSearchParams): object {
  const [key = '', value = ''] = (query.get('labelSelector') ?? '').split('=');
  const node = /^spec\.nodeName=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const all = [...objects].flatMap(([each, object]) => {
    if (!each.startsWith(`${path}/`) || each.slice(path.length + 1).includes('/')) return [];
    if (key !== '' && object.metadata.labels?.[key] !== value) return [];
    if (node !== undefined && (object['spec'] as { nodeName?: string }).nodeName !== node) return [];
    return [object];
  });
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? 0) || all.length;
  const isLast = from + limit >= all.length;
  return {
    metadata: { ...(!isLast && { continue: String(from + limit) }) },
    items: all.slice(from, from + limit),
  };
}
