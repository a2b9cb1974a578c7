import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { workloadState } from '../../kube/readiness.ts';
import { objectKey } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { isReady } from '../rollout/ready.ts';

/**
 * Whether Pods with an address of their own can start: with kboot's Pod network always, with another once a Node is
 * Ready, since the kubelet reports that only with a CNI that works.
 */
export function hasPodNetwork({ foreignCni }: DesiredCluster, seen: ClusterObservation): boolean {
  if (foreignCni !== true) return true;
  return seen.state === 'present' && [...seen.nodes.keys()].some((name) => isReady(seen, 'nodes', name));
}

/** What is missing while nobody has installed the Pod network. */
export function podNetworkWarnings(desired: DesiredCluster, seen: ClusterObservation): string[] {
  if (hasPodNetwork(desired, seen) || desired.nodes.length === 0) return [];
  const late = desired.lateObjects.length === 0 ? '' : ", which then creates MetalLB's pools";
  return [
    `spec.networking.cni is none, and no Node is Ready yet: Nodes stay NotReady and CoreDNS stays Pending until you install a CNI (Pod network: spec.networking.podSubnet). Then run the same command again${late}`,
  ];
}

const coredns = objectKey({ kind: 'Deployment', metadata: { namespace: 'kube-system', name: 'coredns' } });

/**
 * Whether Pods reach Services: with kboot's kube-proxy always, with something else once CoreDNS is ready, which reads the
 * API through its Service first (plugin/kubernetes and plugin/ready).
 */
export function hasServices({ foreignServices }: DesiredCluster, seen: ClusterObservation): boolean {
  if (foreignServices !== true) return true;
  return seen.state === 'present' && workloadState(seen.objects.get(coredns)) === undefined;
}

/** What is missing while nothing implements Services. */
export function servicesWarnings(desired: DesiredCluster, seen: ClusterObservation): string[] {
  if (hasServices(desired, seen) || desired.nodes.length === 0 || !hasPodNetwork(desired, seen)) return [];
  const late = desired.lateObjects.length === 0 ? '' : ", and MetalLB's pools are not created";
  return [
    `spec.kubeProxy.enabled is false, and CoreDNS is not ready: Pods reach no Service until something else implements them. This run does not wait for CoreDNS${late}`,
  ];
}
