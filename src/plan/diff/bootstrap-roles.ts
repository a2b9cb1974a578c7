import { bootstrapRoles } from '../../kube/bootstrap-roles.ts';
import { objectKey, objectTitle } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';

/** The API server's own roles that somebody deleted; none if it has none at all: it does not use RBAC then. */
export function missingBootstrapRoles(api: ClusterObservation | undefined): readonly string[] {
  if (api?.state !== 'present') return [];
  const missing = bootstrapRoles.filter((object) => !api.objects.has(objectKey(object)));
  return missing.length === bootstrapRoles.length ? [] : missing.map(objectTitle);
}
