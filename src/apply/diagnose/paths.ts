import { collectionPath, podPath, urlPart } from '../../kube/paths.ts';

/** Maximum number of objects in a request. */
const limit = 'limit=500';

/** The end of a container's log. The byte limit applies from the first of these lines, so it allows for long ones. */
export function logPath(
  pod: { readonly namespace: string; readonly name: string },
  container: string,
  options: { readonly previous: boolean; readonly lines: number; readonly bytes: number },
): string {
  const { previous, lines, bytes } = options;
  const query = `container=${urlPart(container)}&tailLines=${lines}&limitBytes=${bytes}`;
  return `${podPath(pod)}/log?${query}${previous ? '&previous=true' : ''}`;
}

/** Pods of a namespace by their labels: `k8s-app=kube-dns`. */
export function podsPath(namespace: string, selector: string): string {
  return `${collectionPath('v1', 'Pod', namespace)}?labelSelector=${urlPart(selector)}&${limit}`;
}

/** Pods of all namespaces on one node. */
export function podsOnNodePath(node: string): string {
  return `/api/v1/pods?fieldSelector=${urlPart(`spec.nodeName=${node}`)}&${limit}`;
}

/** The events of an object, by its UID. */
export function eventsPath(namespace: string, uid: string): string {
  return `${collectionPath('v1', 'Event', namespace)}?fieldSelector=${urlPart(`involvedObject.uid=${uid}`)}&${limit}`;
}
