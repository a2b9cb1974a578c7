import pLimit from 'p-limit';
import { requestsAtOnce, type KubeClient } from '../kube/client.ts';
import { listAll } from '../kube/list.ts';
import { collectionPath } from '../kube/paths.ts';
import type { KubeObject } from '../kube/types.ts';

const namespace = 'kube-system';
const bindings = collectionPath('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', undefined);
const accounts = collectionPath('v1', 'ServiceAccount', namespace);
/** The API server's own bindings (plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go). */
const own = encodeURIComponent('kubernetes.io/bootstrapping=rbac-defaults');
/** Of a cloud provider, or off by default (cmd/kube-controller-manager/app/controllermanager.go). */
const notRun = ['route-controller', 'service-controller', 'selinux-warning-controller'];

/**
 * Creates the ServiceAccounts that the controllers of kube-controller-manager act as, in kube-system: the API server's own role
 * bindings name them. One that exists, or is refused, is left to kube-controller-manager, which creates what is missing. Throws
 * KbootError E-KUBE-API if the API cannot be read, or the connection is lost.
 */
export async function createControllerAccounts(kube: KubeClient): Promise<void> {
  const names = await listAll(kube, `${bindings}?labelSelector=${own}`, controllersIn);
  const limit = pLimit(requestsAtOnce);
  await Promise.all(
    [...new Set(names.flat())]
      .filter((name) => !notRun.includes(name))
      .map((name) =>
        limit(async () => {
          const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
          await kube.request('POST', accounts, { body });
        }),
      ),
  );
}

type Binding = KubeObject & {
  readonly subjects?: readonly {
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  }[];
};

/** The controllers that a role of the API server's own is bound to. */
function controllersIn({ metadata: { name }, subjects = [] }: Binding): readonly string[] | undefined {
  if (!name.startsWith('system:controller:')) return undefined;
  return subjects.flatMap((subject) =>
    subject.kind === 'ServiceAccount' && subject.namespace === namespace ? [subject.name] : [],
  );
}
