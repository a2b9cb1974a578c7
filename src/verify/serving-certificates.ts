import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/types.ts';
import { thisMachine, type CheckResult } from './types.ts';

interface Request extends KubeObject {
  readonly spec: { readonly signerName: string; readonly username: string };
}

/** certificates.k8s.io/v1, KubeletServingSignerName. */
const signer = 'kubernetes.io/kubelet-serving';

/**
 * A failed check for each node whose newest request for a serving certificate is neither approved nor denied: with
 * serverTLSBootstrap, its kubelet serves no TLS until then. Nothing if the API does not list the requests.
 */
export async function unapprovedServing(
  kube: KubeClient,
  nodes: readonly string[],
): Promise<readonly CheckResult[]> {
  const begun = Date.now();
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const response = await kube.request('GET', path);
  if (response.status !== 200) return [];
  const requests = (response.body as { readonly items: readonly Request[] }).items;
  return nodes.flatMap((node): CheckResult[] => {
    const [newest] = requests
      .filter(({ spec }) => spec.signerName === signer && spec.username === `system:node:${node}`)
      .sort((one, other) => created(other).localeCompare(created(one)));
    const { conditions = [] } = (newest?.['status'] ?? {}) as { readonly conditions?: readonly unknown[] };
    if (newest === undefined || conditions.length > 0) return [];
    return [
      {
        kind: 'serving-certificate',
        from: thisMachine,
        to: node,
        asked: 'the API for kubelet-serving CertificateSigningRequests that nobody has approved',
        ok: false,
        milliseconds: Date.now() - begun,
        attempts: 1,
        why: `${newest.metadata.name} is Pending: logs, exec and metrics of this node fail with "tls: internal error"`,
      },
    ];
  });
}

function created({ metadata }: Request): string {
  return metadata.creationTimestamp ?? '';
}
