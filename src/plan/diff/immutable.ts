import type { KubeObject } from '../../kube/types.ts';

/** Fields that the API never changes, by kind (pkg/apis/core/validation, apps, rbac: ValidateUpdate). */
const fixed: Readonly<Record<string, readonly string[]>> = {
  Service: ['spec.clusterIP', 'spec.clusterIPs'],
  DaemonSet: ['spec.selector'],
  Deployment: ['spec.selector'],
  Job: ['spec.template', 'spec.selector', 'spec.completionMode'],
  RoleBinding: ['roleRef'],
  ClusterRoleBinding: ['roleRef'],
  Secret: ['type'],
};

/**
 * Why an object must be deleted and created again, since the API refuses to change it: a field that cannot change, or
 * a ConfigMap or Secret that somebody made immutable. Undefined if an update will do. Only for kinds whose deletion
 * takes nothing along that is not created again: never for a Namespace or a CustomResourceDefinition.
 */
export function mustReplace(live: KubeObject, changed: readonly string[]): string | undefined {
  if (live['immutable'] === true && changed.some((path) => /^(data|binaryData|stringData)\b/.test(path)))
    return 'somebody made it immutable';
  const path = changed.find((each) =>
    (fixed[live.kind] ?? []).some(
      (field) => each === field || each.startsWith(`${field}.`) || each.startsWith(`${field}[`),
    ),
  );
  return path === undefined ? undefined : `${path} cannot change`;
}
