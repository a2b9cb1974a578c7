import type { JsonObject, Taint } from '../../model/cluster.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { SeenHost } from './types.ts';

interface NodeParts {
  readonly spec?: { readonly taints?: readonly Taint[]; readonly podCIDRs?: readonly string[] };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly nodeInfo?: {
      readonly operatingSystem?: string;
      readonly containerRuntimeVersion?: string;
      readonly kubeletVersion?: string;
    };
  };
}

export const controlPlaneLabel = 'node-role.kubernetes.io/control-plane';

export function nodeParts(node: KubeObject): NodeParts {
  return node as NodeParts;
}

export function isControlPlane({ metadata }: KubeObject): boolean {
  return metadata.labels?.[controlPlaneLabel] !== undefined;
}

/** `10.0.0.11`, or `10.0.0.11,fd00::11`. */
export function internalAddresses(node: KubeObject): string {
  return (nodeParts(node).status?.addresses ?? [])
    .flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : []))
    .join(',');
}

/** Labels that the kubelet, cloud providers or kboot's roles set are not the operator's. */
function isOperators(label: string): boolean {
  if (/^(topology\.kubernetes\.io\/|node-role\.kubernetes\.io\/)/.test(label))
    return label !== controlPlaneLabel && label !== 'node-role.kubernetes.io/master';
  return !/(^|\.)(kubernetes|k8s)\.io\//.test(label) && !/(^|\.)coreos\.com\//.test(label);
}

/** Taints by which Kubernetes marks a condition of a Node pass by themselves. */
function isLasting({ key }: Taint): boolean {
  return (
    !/^(node\.kubernetes\.io|node\.cloudprovider\.kubernetes\.io)\//.test(key) && key !== controlPlaneLabel
  );
}

/** A host of the inventory for a Node. A control plane without the taint runs Pods too. */
export function hostOfNode(node: KubeObject, seen: SeenHost | undefined): JsonObject {
  const taints = nodeParts(node).spec?.taints ?? [];
  const roles = isControlPlane(node)
    ? ['control-plane', ...(taints.some(({ key }) => key === controlPlaneLabel) ? [] : ['worker'])]
    : ['worker'];
  const labels = Object.entries(node.metadata.labels ?? {}).filter(([label]) => isOperators(label));
  const own = taints.filter(isLasting).map(({ key, value, effect }): JsonObject => ({
    key,
    ...(value !== undefined && value !== '' && { value }),
    effect,
  }));
  return {
    name: node.metadata.name,
    roles,
    address: internalAddresses(node),
    ...(seen?.sshAddress !== undefined && { ssh: { address: seen.sshAddress } }),
    ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    ...(own.length > 0 && { taints: own }),
  };
}
