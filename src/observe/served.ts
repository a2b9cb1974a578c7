import type { KubeClient, KubeCredentials } from '../kube/client.ts';
import type { Reader } from '../transport/types.ts';
import { askServer } from './ask-server.ts';

/** The version that the API server of one host serves: `v1.36.2`; undefined if it does not answer. */
export async function observeServedVersion(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
): Promise<string | undefined> {
  return await askServer(reader, address, credentials, servedVersion);
}

/** The same through a connection to it. */
export async function servedVersion(kube: KubeClient): Promise<string | undefined> {
  const { status, body } = await kube.request('GET', '/version');
  const { gitVersion } = (body ?? {}) as { readonly gitVersion?: string };
  return status === 200 ? gitVersion : undefined;
}
