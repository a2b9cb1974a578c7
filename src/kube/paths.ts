import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

/** Plural and scope of every kind that kboot reads or writes; API discovery would cost round trips. */
const resources: Readonly<Record<string, { readonly plural: string; readonly namespaced: boolean }>> = {
  Namespace: { plural: 'namespaces', namespaced: false },
  Node: { plural: 'nodes', namespaced: false },
  Pod: { plural: 'pods', namespaced: true },
  Event: { plural: 'events', namespaced: true },
  ConfigMap: { plural: 'configmaps', namespaced: true },
  Secret: { plural: 'secrets', namespaced: true },
  Service: { plural: 'services', namespaced: true },
  ServiceAccount: { plural: 'serviceaccounts', namespaced: true },
  PodDisruptionBudget: { plural: 'poddisruptionbudgets', namespaced: true },
  DaemonSet: { plural: 'daemonsets', namespaced: true },
  StatefulSet: { plural: 'statefulsets', namespaced: true },
  Deployment: { plural: 'deployments', namespaced: true },
  Role: { plural: 'roles', namespaced: true },
  RoleBinding: { plural: 'rolebindings', namespaced: true },
  CustomResourceDefinition: { plural: 'customresourcedefinitions', namespaced: false },
  ValidatingAdmissionPolicy: { plural: 'validatingadmissionpolicies', namespaced: false },
  ValidatingAdmissionPolicyBinding: { plural: 'validatingadmissionpolicybindings', namespaced: false },
  ValidatingWebhookConfiguration: { plural: 'validatingwebhookconfigurations', namespaced: false },
  RuntimeClass: { plural: 'runtimeclasses', namespaced: false },
  NetworkPolicy: { plural: 'networkpolicies', namespaced: true },
  EndpointSlice: { plural: 'endpointslices', namespaced: true },
  Lease: { plural: 'leases', namespaced: true },
  IPAddressPool: { plural: 'ipaddresspools', namespaced: true },
  BGPPeer: { plural: 'bgppeers', namespaced: true },
  BGPAdvertisement: { plural: 'bgpadvertisements', namespaced: true },
  L2Advertisement: { plural: 'l2advertisements', namespaced: true },
  ClusterRole: { plural: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { plural: 'clusterrolebindings', namespaced: false },
};

/** `/api/v1/namespaces/kube-system/configmaps/coredns`. Throws KbootError E-KUBE-API for an unknown kind. */
export function objectPath(object: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  return `${collectionPath(object.apiVersion, object.kind, object.metadata.namespace)}/${urlPart(object.metadata.name)}`;
}

/** `/api/v1/namespaces/kube-system/configmaps`. Throws KbootError E-KUBE-API for an unknown kind. */
export function collectionPath(apiVersion: string, kind: string, namespace: string | undefined): string {
  const resource = resources[kind];
  if (resource === undefined)
    throw new KbootError('E-KUBE-API', `kboot does not support objects of kind ${kind}`, {
      remedy: remedies.supportedKinds,
    });
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}${resource.namespaced ? `/namespaces/${urlPart(namespace ?? 'default')}` : ''}/${resource.plural}`;
}

/** `/api/v1/nodes/w-1` */
export function nodePath(name: string): string {
  return objectPath({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
}

/** `/api/v1/namespaces/kube-system/pods/etcd-cp-1` */
export function podPath(metadata: { readonly namespace?: string; readonly name: string }): string {
  return objectPath({ apiVersion: 'v1', kind: 'Pod', metadata });
}

/** A part of a URL. Half a character, valid in a response but not in a URL, is replaced. */
export function urlPart(text: string): string {
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, '\u{FFFD}'));
}
