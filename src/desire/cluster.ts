import { hasExternalEtcd, hostsWith, nodes, type Cluster } from '../model/cluster.ts';
import type { Stage } from '../model/stage.ts';
import type { DesiredCluster } from '../kube/desired-cluster.ts';
import { hasOutsideEndpoint } from '../model/cluster.ts';
import { assumedFacts } from '../model/facts.ts';
import { desireAddons } from './addons.ts';
import { caPem, textContext, type Desire } from './context.ts';
import { rolledByConfig } from './config-roll.ts';
import { corefile } from './text/coredns.ts';
import { kubeObjects, parseObjects } from './text/kube-objects.ts';
import { kubeProxyManifest } from './text/kube-proxy.ts';
import { metallbObjects } from './text/metallb.ts';
import { enforcesPolicies, networkPolicyObjects } from './text/network-policy.ts';
import { runtimeClasses } from './text/runtimes.ts';
import { recordObject } from './record.ts';
import type { DesiredAddon } from '../kube/addons.ts';
import { objectKey, type KubeObject } from '../kube/types.ts';
import type { TextContext } from './text/types.ts';
import { nodeLabels, nodeTaints } from './text/node.ts';

/** The desired state of the API, in the order in which it is applied. */
export function desireCluster(desire: Desire): DesiredCluster {
  const { cluster } = desire;
  const context = textContext(desire, assumedFacts);
  const metallb = metallbObjects(context);
  const own = rolledByConfig(kubeObjects(context, { caPem: caPem(desire.pki) }));
  const addons =
    desire.addons === undefined
      ? []
      : desireAddons(cluster.addons ?? [], desire.addons, [...own, ...metallb.system, ...metallb.pools]);
  return {
    inventory: cluster.hosts.map((host) => host.name),
    controlPlanePods: controlPlanePods(cluster),
    ...(cluster.networking.flannel === undefined && { foreignCni: true as const }),
    ...(cluster.kubeProxy === undefined && {
      foreignServices: true as const,
      retired: retiredProxy(context, addons),
    }),
    ...(hasOutsideEndpoint(cluster) && { outsideEndpoint: cluster.controlPlaneEndpoint }),
    objects: [
      ...own.map((object) => ({
        stage: stageOf(object.metadata.name, object.metadata.namespace),
        object,
        ...kept(context, object),
      })),
      ...[
        ...runtimeClasses(cluster),
        ...networkPolicyObjects(context),
        ...rolledByConfig(metallb.system),
      ].map((object) => ({
        stage: 'addon' as const,
        object,
      })),
    ],
    lateObjects: metallb.pools,
    ...(desire.addons && { addons }),
    ...(desire.record !== undefined && { record: recordObject(desire.record) }),
    prunedKinds: [...policyKinds, runtimeClassKind, ...(cluster.metallb === undefined ? [] : metallbKinds)],
    nodes: nodes(cluster).map((host) => ({
      name: host.name,
      labels: nodeLabels(host, cluster),
      taints: nodeTaints(host),
    })),
    workloads: [
      ...(cluster.kubeProxy === undefined ? [] : [proxyWorkload]),
      ...(cluster.networking.flannel === undefined ? [] : [flannelWorkload]),
      ...(enforcesPolicies(context) ? [policyWorkload] : []),
      { workload: 'Deployment', namespace: 'kube-system', name: 'coredns' },
      ...(cluster.metallb === undefined ? [] : metallbWorkloads),
    ],
  };
}

function kept(
  context: TextContext,
  { kind, metadata }: KubeObject,
): Pick<DesiredCluster['objects'][number], 'keeps'> {
  if (metadata.name !== 'coredns' || metadata.namespace !== 'kube-system') return {};
  if (kind === 'ConfigMap') return { keeps: [{ field: 'Corefile', plain: corefile(context, undefined) }] };
  if (kind !== 'Deployment') return {};
  const isStated = context.cluster.dns?.replicas !== undefined;
  return { keeps: [{ field: 'readinessPeriod' }, ...(isStated ? [] : [{ field: 'replicas' } as const])] };
}

const proxyWorkload: DesiredCluster['workloads'][number] = {
  workload: 'DaemonSet',
  namespace: 'kube-system',
  name: 'kube-proxy',
  hostNetwork: true,
};

/** kube-proxy's objects, its DaemonSet first; those of the operator's add-ons with the same names stay. */
function retiredProxy(context: TextContext, addons: readonly DesiredAddon[]): readonly KubeObject[] {
  const wanted = new Set(addons.flatMap(({ objects }) => objects.map(objectKey)));
  return parseObjects('addons/kube-proxy', kubeProxyManifest(context, {}))
    .filter((object) => !wanted.has(objectKey(object)))
    .toReversed();
}

const flannelWorkload: DesiredCluster['workloads'][number] = {
  workload: 'DaemonSet',
  namespace: 'kube-flannel',
  name: 'kube-flannel-ds',
  podNetwork: true,
};

const policyWorkload: DesiredCluster['workloads'][number] = {
  workload: 'DaemonSet',
  namespace: 'kube-system',
  name: 'kube-network-policies',
  hostNetwork: true,
};

/** Of text/network-policy.ts: they leave when the inventory no longer has them. */
const policyKinds: DesiredCluster['prunedKinds'] = [
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'kube-system' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system' },
  { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'kube-system' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
];

const runtimeClassKind: DesiredCluster['prunedKinds'][number] = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
};

const metallbWorkloads: DesiredCluster['workloads'] = [
  { workload: 'Deployment', namespace: 'metallb-system', name: 'controller' },
  { workload: 'DaemonSet', namespace: 'metallb-system', name: 'speaker' },
];

const metallbKinds: DesiredCluster['prunedKinds'] = [
  { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', namespace: 'metallb-system' },
  { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', namespace: 'metallb-system' },
  { apiVersion: 'metallb.io/v1beta1', kind: 'BGPAdvertisement', namespace: 'metallb-system' },
  { apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', namespace: 'metallb-system' },
];

/** Mirror Pods of the static Pods, by host. */
function controlPlanePods(cluster: Cluster): DesiredCluster['controlPlanePods'] {
  const names = [
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    ...(hasExternalEtcd(cluster) ? [] : ['etcd']),
  ];
  return hostsWith(cluster, 'control-plane').flatMap(({ name: host }) =>
    names.map((name) => ({ host, namespace: 'kube-system', name: `${name}-${host}` })),
  );
}

/** Add-ons are objects that a cluster can do without; the rest belongs to the control plane. */
function stageOf(name: string, namespace: string | undefined): Stage {
  const addon = /^(kube-proxy|coredns|kube-dns|system:coredns|kubeadm:node-proxier|flannel|kube-flannel.*)$/;
  return addon.test(name) || namespace === 'kube-flannel' ? 'addon' : 'control-plane';
}
