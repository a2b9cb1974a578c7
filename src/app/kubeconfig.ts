import { stringify } from 'yaml';
import { clusterServer } from '../desire/text/address.ts';
import { KbootError } from '../model/error.ts';
import type { Workspace } from './workspace.ts';
import { trustBundle } from '../pki/types.ts';
import { remedies } from './remedies.ts';

/** What the entries are made of. */
export type KubeconfigPlace = Pick<Workspace, 'cluster' | 'pki' | 'state'>;

/** What an operator chooses. */
export interface KubeconfigChoice {
  /** Instead of the control-plane endpoint. */
  readonly server: string | undefined;
  /** Name of the context, the cluster and, with `-admin`, the user; default: the cluster's. */
  readonly context: string | undefined;
}

/** One entry of a list of a kubeconfig. */
interface Entry {
  readonly name: string;
  readonly value: Readonly<Record<string, string>>;
}

/** The administrator's entries. Throws KbootError E-STATE before the first `up`. */
export function kubeconfigEntries(
  { cluster, pki, state }: KubeconfigPlace,
  { server, context = cluster.name }: KubeconfigChoice,
): { readonly clusters: Entry; readonly users: Entry; readonly contexts: Entry } {
  if (!pki.isIssued('ca') || !pki.isIssued('admin'))
    throw new KbootError('E-STATE', `${state.dir} has no administrator certificate for ${cluster.name}`, {
      remedy: remedies.upFirst,
    });
  const { cert, key } = pki.certificate('admin');
  const data = (pem: string): string => Buffer.from(pem).toString('base64');
  const user = `${context}-admin`;
  return {
    clusters: {
      name: context,
      value: {
        server: server ?? clusterServer(cluster),
        'certificate-authority-data': data(trustBundle(pki, 'ca')),
      },
    },
    users: { name: user, value: { 'client-certificate-data': data(cert), 'client-key-data': data(key) } },
    contexts: { name: context, value: { cluster: context, user } },
  };
}

/** The administrator's kubeconfig. Throws as kubeconfigEntries does. */
export function adminKubeconfig(workspace: KubeconfigPlace, choice: KubeconfigChoice): string {
  const { clusters, users, contexts } = kubeconfigEntries(workspace, choice);
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: clusters.name, cluster: clusters.value }],
      users: [{ name: users.name, user: users.value }],
      contexts: [{ name: contexts.name, context: contexts.value }],
      'current-context': contexts.name,
    },
    { lineWidth: 0, compat: 'yaml-1.1' },
  );
}
