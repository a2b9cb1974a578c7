import type { Cluster, Host, Taint } from '../../model/cluster.ts';
import { runtimeLabel, runtimesOf } from '../../model/runtime.ts';

const controlPlaneKey = 'node-role.kubernetes.io/control-plane';

/** Taints that a node registers with: the control-plane taint unless it is also a worker; then the user's. */
export function nodeTaints(host: Host): readonly Taint[] {
  const own: readonly Taint[] = isDedicatedControlPlane(host)
    ? [{ key: controlPlaneKey, effect: 'NoSchedule' }]
    : [];
  return [...own, ...host.taints];
}

/**
 * Labels that kubeadm sets on control-plane nodes, those of runtimes, and the user's. A control plane that is also a worker stays
 * eligible for external load balancers: MetalLB may have no other node to announce from.
 */
export function nodeLabels(host: Host, cluster: Pick<Cluster, 'runtimes'>): Readonly<Record<string, string>> {
  return {
    ...(host.roles.includes('control-plane') ? { [controlPlaneKey]: '' } : {}),
    ...(isDedicatedControlPlane(host)
      ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
      : {}),
    ...Object.fromEntries(runtimesOf(cluster, host).map(({ name }) => [runtimeLabel(name), 'true'])),
    ...host.labels,
  };
}

function isDedicatedControlPlane(host: Host): boolean {
  return host.roles.includes('control-plane') && !host.roles.includes('worker');
}
