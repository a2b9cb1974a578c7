import { openKube, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import type { Reader } from '../transport/types.ts';

/** Asks the API server of one host over a connection of its own; undefined if it does not answer, or `ask` fails. */
export async function askServer<T>(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
  ask: (kube: KubeClient) => Promise<T>,
): Promise<T | undefined> {
  let kube: KubeClient | undefined;
  try {
    kube = await openKube(await reader.forward(address, 6443), credentials);
    return await ask(kube);
  } catch {
    return undefined;
  } finally {
    kube?.close();
  }
}
