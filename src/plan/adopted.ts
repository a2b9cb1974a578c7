import type { Desire } from '../desire/context.ts';
import { sha256 } from '../model/digest.ts';
import { trustBundle } from '../pki/types.ts';
import type { Observed } from './observed.ts';

/**
 * What was observed, with the cluster's ID on hosts that kboot has not set up yet but that have the cluster's CA: the
 * cluster was taken over from kubeadm, and everything on them is its own. A host of another cluster has another CA.
 */
export function withAdopted(seen: Observed, { pki, clusterId }: Pick<Desire, 'pki' | 'clusterId'>): Observed {
  if (clusterId === undefined || !pki.isIssued('ca')) return seen;
  const ca = sha256(trustBundle(pki, 'ca'));
  return {
    ...seen,
    hosts: new Map(
      [...seen.hosts].map(([name, host]) => [
        name,
        host.inspection.clusterId === '' && host.inspection.caDigest === ca
          ? { ...host, inspection: { ...host.inspection, clusterId } }
          : host,
      ]),
    ),
  };
}
