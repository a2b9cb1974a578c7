import { kindKey } from './scopes.ts';
import type { KubeObject } from './types.ts';

/** Where containerd looks for network configurations, and the folder of that. */
const folders: readonly string[] = ['/etc/cni/net.d', '/etc/cni'];

interface PodTemplate {
  readonly hostNetwork?: boolean;
  readonly volumes?: readonly { readonly hostPath?: { readonly path?: unknown } | null }[];
}

/**
 * Whether an object is what gives nodes their Pod network: a DaemonSet whose Pods run without one and mount the node's folder
 * of network configurations, as those of Calico, Cilium, Antrea and kube-router do. One that an operator makes is not seen.
 */
export function writesCniConfig(object: KubeObject): boolean {
  if (kindKey(object) !== 'apps/DaemonSet') return false;
  const { template } = (object['spec'] ?? {}) as { readonly template?: { readonly spec?: PodTemplate } };
  const { hostNetwork, volumes = [] } = template?.spec ?? {};
  return (
    hostNetwork === true &&
    volumes.some(({ hostPath }) => {
      const path = hostPath?.path;
      return typeof path === 'string' && folders.includes(path.replace(/\/+$/, ''));
    })
  );
}

/**
 * Whether such a DaemonSet is a link in the chain of another Pod network, not one itself: Multus, and the CNI plugins of Istio
 * and Linkerd.
 */
export function wrapsCniConfig(object: KubeObject): boolean {
  return /multus|istio|linkerd/.test(JSON.stringify(object['spec'] ?? {}));
}
