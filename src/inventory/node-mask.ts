/** kube-controller-manager's flags for the size of a Node's Pod CIDR: for a family, and for the only one. */
export type NodeMaskFlag = 'node-cidr-mask-size' | 'node-cidr-mask-size-ipv4' | 'node-cidr-mask-size-ipv6';

/**
 * Prefix length of the Pod CIDR that each Node gets, by the values of these flags; without one, the default
 * (pkg/controller/nodeipam/config/v1alpha1/defaults.go).
 */
export function nodeMask(valueOf: (flag: NodeMaskFlag) => string | undefined, family: 4 | 6): number {
  for (const flag of [`node-cidr-mask-size-ipv${family}`, 'node-cidr-mask-size'] as const) {
    const value = Number(valueOf(flag));
    if (Number.isInteger(value) && value > 0) return value;
  }
  return family === 4 ? 24 : 64;
}
