import { without } from '../model/without.ts';
import type { KubeObject } from './types.ts';

/** A kind of object by its API version: `{apiVersion: 'apps/v1', kind: 'Deployment'}`. */
export type KindRef = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** Groups of the API server's own kinds, besides the core group. */
const ownGroups = new Set([
  ...['apps', 'batch', 'autoscaling', 'policy', 'extensions'],
  ...[
    'admissionregistration',
    'apiextensions',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'internal.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'storage',
    'storagemigration',
  ].map((name) => `${name}.k8s.io`),
  'apiregistration.k8s.io',
]);

/** The API server's own kinds that are in no namespace; every other kind of its groups is (k8s.io/api, 1.36). */
const clusterScoped = new Set([
  ...['/Namespace', '/Node', '/PersistentVolume', '/ComponentStatus'],
  ...[
    'MutatingWebhookConfiguration',
    'ValidatingWebhookConfiguration',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionPolicyBinding',
    'MutatingAdmissionPolicy',
    'MutatingAdmissionPolicyBinding',
  ].map((kind) => `admissionregistration.k8s.io/${kind}`),
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
  'authentication.k8s.io/TokenReview',
  'authentication.k8s.io/SelfSubjectReview',
  'certificates.k8s.io/CertificateSigningRequest',
  'certificates.k8s.io/ClusterTrustBundle',
  'flowcontrol.apiserver.k8s.io/FlowSchema',
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration',
  'internal.apiserver.k8s.io/StorageVersion',
  'networking.k8s.io/IngressClass',
  'networking.k8s.io/IPAddress',
  'networking.k8s.io/ServiceCIDR',
  'node.k8s.io/RuntimeClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'resource.k8s.io/DeviceClass',
  'resource.k8s.io/ResourceSlice',
  'resource.k8s.io/DeviceTaintRule',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/StorageClass',
  'storage.k8s.io/VolumeAttachment',
  'storage.k8s.io/CSIDriver',
  'storage.k8s.io/CSINode',
  'storage.k8s.io/VolumeAttributesClass',
  'storagemigration.k8s.io/StorageVersionMigration',
]);

/** The group of an API version; empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** What identifies a kind, whatever its version: `apps/Deployment`, `/Service`. */
export function kindKey({ apiVersion, kind }: KindRef): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

/** What identifies an object of any group, whatever its version. */
export function refKey(ref: KindRef & Pick<KubeObject, 'metadata'>): string {
  return JSON.stringify([kindKey(ref), ref.metadata.namespace ?? '', ref.metadata.name]);
}

/** Whether the API server itself serves a kind. */
export function isOwnKind({ apiVersion }: KindRef): boolean {
  const group = groupOf(apiVersion);
  return group === '' || ownGroups.has(group);
}

/** Whether objects of a kind are in namespaces; undefined: neither the API server's own kinds nor these CRDs say. */
export function isNamespaced(ref: KindRef, definitions: readonly KubeObject[] = []): boolean | undefined {
  if (isOwnKind(ref)) return !clusterScoped.has(kindKey(ref));
  const scope = definitions.flatMap((each) => {
    const { group, names, scope } = (each['spec'] ?? {}) as DefinitionSpec;
    return group === groupOf(ref.apiVersion) && names?.kind === ref.kind ? [scope] : [];
  })[0];
  return scope === undefined ? undefined : scope === 'Namespaced';
}

interface DefinitionSpec {
  readonly group?: string;
  readonly names?: { readonly kind?: string };
  readonly scope?: string;
}

/** Whether an object is a CustomResourceDefinition. */
export function isDefinition(ref: KindRef): boolean {
  return kindKey(ref) === 'apiextensions.k8s.io/CustomResourceDefinition';
}

/** How the API serves a kind. */
export interface ServedKind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Identifies a kind and its version. */
export function servedKey({ apiVersion, kind }: KindRef): string {
  return `${apiVersion}/${kind}`;
}

/**
 * An object as the API addresses it: what is in no namespace has none. For kinds that are not served yet, as it is stated.
 */
export function placed(object: KubeObject, served: ServedKind | undefined): KubeObject {
  if (served === undefined || served.namespaced) return object;
  return { ...object, metadata: without(object.metadata, 'namespace') };
}

/** A Namespace that an add-on needs. */
export function namespaceRef(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
