import { addonLabel } from '../../kube/addons.ts';
import { writesCniConfig } from '../../kube/cni-writer.ts';
import type { DesiredCluster } from '../../kube/desired-cluster.ts';
import { workloadState } from '../../kube/readiness.ts';
import { refKey } from '../../kube/scopes.ts';
import { objectKey, objectTitle } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { isReady } from '../rollout/ready.ts';

type Parts = Pick<DesiredCluster, 'foreignCni' | 'addons'>;

/**
 * Names of the add-ons that bring the Pod network, and of those that they wait for: they go before everything that needs
 * it. Empty with kboot's own Pod network, and if an operator of an add-on makes the DaemonSet.
 */
export function networkAddons({ foreignCni, addons = [] }: Parts): ReadonlySet<string> {
  const names = new Set<string>();
  if (foreignCni !== true) return names;
  const add = (name: string): void => {
    if (names.has(name)) return;
    names.add(name);
    addons.find((addon) => addon.name === name)?.after.forEach(add);
  };
  for (const { name, objects } of addons) if (objects.some(writesCniConfig)) add(name);
  return names;
}

/**
 * Whether Pods with an address of their own can start: with kboot's Pod network and with that of an add-on always, with
 * another once a Node is Ready, since the kubelet reports that only with a CNI that works.
 */
export function hasPodNetwork(desired: DesiredCluster, seen: ClusterObservation): boolean {
  if (desired.foreignCni !== true || networkAddons(desired).size > 0) return true;
  return seen.state === 'present' && [...seen.nodes.keys()].some((name) => isReady(seen, 'nodes', name));
}

/** What is missing while nobody has installed the Pod network. */
export function podNetworkWarnings(desired: DesiredCluster, seen: ClusterObservation): string[] {
  if (hasPodNetwork(desired, seen) || desired.nodes.length === 0) return [];
  const late = desired.lateObjects.length === 0 ? '' : ", which then creates MetalLB's pools";
  const or = (desired.addons ?? []).length === 0 ? '' : ', or an operator among your add-ons does';
  return [
    `spec.networking.cni is none, and no Node is Ready yet: Nodes stay NotReady and CoreDNS stays Pending until you install a CNI${or} (Pod network: spec.networking.podSubnet). Then run the same command again${late}`,
  ];
}

const coredns = objectKey({ kind: 'Deployment', metadata: { namespace: 'kube-system', name: 'coredns' } });

/** What stops with an add-on that brings the Pod network and is no longer listed, and what of it stays on hosts. */
export function lostNetworkWarnings({ foreignCni, addons }: Parts, seen: ClusterObservation): string[] {
  if (foreignCni !== true || addons === undefined || seen.state !== 'present') return [];
  const live = seen.addons;
  const lost = [...(live?.records.values() ?? [])].filter(
    ({ record }) => !addons.some(({ name }) => name === record.name),
  );
  return lost.flatMap(({ record: { name, objects } }) => {
    const writer = objects
      .map((ref) => live?.objects.get(refKey(ref)))
      .find((found) => found?.metadata.labels?.[addonLabel] === name && writesCniConfig(found));
    if (writer === undefined) return [];
    return [
      `add-on ${name} brings the Pod network, and its ${objectTitle(writer)} is removed: Pods that run keep their addresses, but new ones do not start, and nothing updates routes and policies, until another Pod network takes its place. What it has put on hosts stays there, as kboot does not know it: files in /etc/cni/net.d and /opt/cni/bin, links, routes and rules`,
    ];
  });
}

/**
 * Whether Pods reach Services: with kboot's kube-proxy always, and with an add-on that brings the Pod network and is
 * expected to replace it; with something else once CoreDNS is ready, which reads the API through its Service first
 * (plugin/kubernetes and plugin/ready).
 */
export function hasServices(desired: DesiredCluster, seen: ClusterObservation): boolean {
  if (desired.foreignServices !== true || networkAddons(desired).size > 0) return true;
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
