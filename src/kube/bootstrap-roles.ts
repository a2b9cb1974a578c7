import type { KubeObject } from './types.ts';

const roles = [
  'cluster-admin',
  'system:basic-user',
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
  'system:discovery',
  'system:kube-controller-manager',
  'system:kube-scheduler',
  'system:kubelet-api-admin',
  'system:node-bootstrapper',
  'system:node-proxier',
  'system:public-info-viewer',
  'system:volume-scheduler',
];
const bindings = [
  'cluster-admin',
  'system:basic-user',
  'system:discovery',
  'system:kube-controller-manager',
  'system:kube-scheduler',
  'system:node-proxier',
  'system:public-info-viewer',
  'system:volume-scheduler',
];

/**
 * The API server's own roles and bindings that the control plane, kubelets and kube-proxy count on. It creates what is
 * missing of them only when it starts (post-start hook rbac/bootstrap-roles; plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
 */
export const bootstrapRoles: readonly KubeObject[] = [
  ...roles.map((name) => reference('ClusterRole', name)),
  ...bindings.map((name) => reference('ClusterRoleBinding', name)),
];

function reference(kind: string, name: string): KubeObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name } };
}
