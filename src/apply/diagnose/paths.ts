/** A part of a URL. Half a character, valid in a response but not in a URL, is replaced. */
function part(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '�'));
}

/** Maximum number of objects in a request. */
const limit = 'limit=500';

export function podPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `/api/v1/namespaces/${part(namespace)}/pods/${part(name)}`;
}

/** The end of a container's log. The byte limit applies from the first of these lines, so it allows for long ones. */
export function logPath(
  pod: { readonly namespace: string; readonly name: string },
  container: string,
  options: { readonly previous: boolean; readonly lines: number; readonly bytes: number },
): string {
  const { previous, lines, bytes } = options;
  const query = `container=${part(container)}&tailLines=${lines}&limitBytes=${bytes}`;
  return `${podPath(pod)}/log?${query}${previous ? '&previous=true' : ''}`;
}

/** Pods of a namespace by their labels: `k8s-app=kube-dns`. */
export function podsPath(namespace: string, selector: string): string {
  return `/api/v1/namespaces/${part(namespace)}/pods?labelSelector=${part(selector)}&${limit}`;
}

/** Pods of all namespaces on one node. */
export function podsOnNodePath(node: string): string {
  return `/api/v1/pods?fieldSelector=${part(`spec.nodeName=${node}`)}&${limit}`;
}

/** The events of an object, by its UID. */
export function eventsPath(namespace: string, uid: string): string {
  return `/api/v1/namespaces/${part(namespace)}/events?fieldSelector=${part(`involvedObject.uid=${uid}`)}&${limit}`;
}

export function nodePath(name: string): string {
  return `/api/v1/nodes/${part(name)}`;
}
