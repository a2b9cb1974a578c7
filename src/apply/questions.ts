import { collectionPath, nodePath, podPath, urlPart } from '../kube/paths.ts';
import { conditionOf } from '../kube/readiness.ts';
import type { KubeObject } from '../kube/types.ts';

/** What a gate wants to know of a collection: an object by its name, or the Pods on a node. */
export interface Question {
  readonly kind: 'Node' | 'Pod';
  /** Path of the list of all objects of the collection, the answer among them. */
  readonly all: string;
  /** Path of the answer alone. */
  readonly alone: string;
  /** Whether that is the path of a list. */
  readonly isList: boolean;
}

const nodes = collectionPath('v1', 'Node', undefined);

/** Asks for a Node. */
export function nodeNamed(name: string): Question {
  return { kind: 'Node', all: nodes, alone: nodePath(name), isList: false };
}

/** Asks for a Pod by its name. */
export function podNamed(pod: { readonly namespace: string; readonly name: string }): Question {
  return { kind: 'Pod', all: podsIn(pod.namespace), alone: podPath(pod), isList: false };
}

/** Asks for the Pods of a namespace on a node. */
export function podsOn(namespace: string | undefined, node: string): Question {
  const all = podsIn(namespace);
  return { kind: 'Pod', all, alone: onNode(all, node), isList: true };
}

function podsIn(namespace: string | undefined): string {
  return collectionPath('v1', 'Pod', namespace);
}

function onNode(pods: string, node: string): string {
  return `${pods}?fieldSelector=spec.nodeName%3D${urlPart(node)}`;
}

/** The `alone` paths of the questions that an object of the collection `all` belongs to the answers of. */
export function answeredBy(all: string, { metadata, spec }: Brief): readonly string[] {
  const named = `${all}/${urlPart(metadata.name)}`;
  return spec?.nodeName === undefined ? [named] : [named, onNode(all, spec.nodeName)];
}

/** What gates look at of a Node or a Pod. */
export interface Brief extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly Owner[];
  };
  readonly spec?: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly object[];
    readonly nodeInfo?: { readonly kubeletVersion?: string };
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface Owner {
  readonly kind: string;
  readonly name: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly state?: { readonly waiting?: { readonly message?: string } };
}

/** Keeps of an object what gates look at: a Node has 10 kB, most of them names of images. */
export function brief(kind: Question['kind'], object: KubeObject): Brief {
  const { metadata, spec, status = {} } = object as KubeObject & Partial<Brief>;
  const { name, creationTimestamp, deletionTimestamp, ownerReferences } = metadata;
  const { nodeInfo, initContainerStatuses, containerStatuses } = status;
  const ready = conditionOf(object, 'Ready');
  return {
    ...{ apiVersion: 'v1', kind },
    metadata: {
      name,
      ...(creationTimestamp !== undefined && { creationTimestamp }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
      ...(ownerReferences && { ownerReferences: ownerReferences.map((each) => pick(each, 'kind', 'name')) }),
    },
    ...(spec?.nodeName !== undefined && { spec: { nodeName: spec.nodeName } }),
    status: {
      ...(ready && { conditions: [pick(ready, 'type', 'status', 'message')] }),
      ...(nodeInfo && { nodeInfo: pick(nodeInfo, 'kubeletVersion') }),
      ...(initContainerStatuses && { initContainerStatuses: initContainerStatuses.map(briefContainer) }),
      ...(containerStatuses && { containerStatuses: containerStatuses.map(briefContainer) }),
    },
  };
}

function briefContainer({ name, containerID, state }: ContainerStatus): ContainerStatus {
  const message = state?.waiting?.message;
  return {
    name,
    ...(containerID !== undefined && { containerID }),
    ...(message !== undefined && { state: { waiting: { message } } }),
  };
}

function pick<T extends object, K extends keyof T>(object: T, ...keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.flatMap((key) => (key in object ? [[key, object[key]]] : []))) as Pick<T, K>;
}
