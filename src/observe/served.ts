import { openKube, type KubeCredentials } from '../kube/client.ts';
import type { Reader } from '../transport/types.ts';

/** The version that the API server of one host serves: `v1.36.2`; undefined if it does not answer. */
export async function observeServedVersion(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
): Promise<string | undefined> {
  try {
    const kube = await openKube(await reader.forward(address, 6443), credentials);
    try {
      const { status, body } = await kube.request('GET', '/version');
      const { gitVersion } = body as { readonly gitVersion?: string };
      return status === 200 ? gitVersion : undefined;
    } finally {
      kube.close();
    }
  } catch {
    return undefined;
  }
}
