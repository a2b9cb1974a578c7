import { randomBytes } from 'node:crypto';
import { images } from '../catalog/images.ts';
import { releaseOf } from '../desire/context.ts';
import { apiServerPort } from '../desire/text/address.ts';
import { openKube, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import { hostsWith, type Host } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { ConnectOptions, Reader } from '../transport/types.ts';
import { steadyKube } from '../verify/kube.ts';
import type { VerifyTexts } from '../verify/objects.ts';
import { verifyCluster, type VerifyInput } from '../verify/run.ts';
import type { VerifyReport } from '../verify/types.ts';
import { connectAll, type Connections } from './observe/connect.ts';
import { apiCredentials } from './credentials.ts';
import type { Workspace } from './workspace.ts';
import { remedies } from './remedies.ts';

/** What asks a cluster: connections to its hosts and its API, and a namespace of its own. */
export interface Access extends VerifyTexts {
  readonly connections: Connections;
  readonly readers: ReadonlyMap<string, Reader>;
  /** The API of the first control plane that answers, reopened when it is lost. */
  readonly kube: KubeClient;
  /** The API server of one control plane. */
  readonly kubeOf: (host: Host) => Promise<KubeClient>;
  readonly credentials: KubeCredentials;
}

/**
 * Gives `ask` access to a cluster, and closes it afterwards; returns hosts that could not be reached beside its result.
 * Throws KbootError E-STATE if no cluster was created from this state folder, and the first failure if no control-plane
 * host can be reached.
 */
export async function withAccess<T>(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  ask: (access: Access) => Promise<T>,
): Promise<{ readonly result: T; readonly failed: ReadonlyMap<string, KbootError> }> {
  const { cluster, pki, desire } = workspace;
  refuseUnfounded(workspace);
  const credentials = apiCredentials(pki);
  const connections = await connectAll(workspace, cluster.hosts, connect, concurrency, () =>
    Promise.resolve(),
  );
  const { open, failed } = connections;
  const readers = new Map([...open].map(([name, { reader }]) => [name, reader] as const));
  const kubeOf: Access['kubeOf'] = async ({ name, address }) => {
    const reader = readers.get(name);
    if (reader === undefined) throw new KbootError('E-CONNECT', `${name} is not connected`);
    return await openKube(await reader.forward(address, apiServerPort), credentials);
  };
  const controlPlane = hostsWith(cluster, 'control-plane');
  const reached = controlPlane.filter(({ name }) => readers.has(name));
  const kube = steadyKube(reached.map((host) => () => kubeOf(host)));
  try {
    if (reached.length === 0)
      throw (
        controlPlane.map(({ name }) => failed.get(name)).find((error) => error !== undefined) ??
        new KbootError('E-CONNECT', 'no control-plane host is reachable')
      );
    const result = await ask({
      ...{ cluster, connections, readers, kube, kubeOf, credentials },
      renderer: desire.renderer,
      namespace: `kboot-verify-${randomBytes(4).toString('hex')}`,
      image: images(releaseOf(desire), cluster.imageRepository).coredns,
    });
    return { result, failed };
  } finally {
    kube.close();
    await connections.close();
  }
}

/**
 * Sends real traffic through the cluster; returns hosts that could not be reached beside the report. Throws as withAccess
 * does, and E-KUBE-API if an API request fails.
 */
export async function runVerify(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  run: Pick<VerifyInput, 'signal' | 'onResult' | 'onProgress'>,
): Promise<{ readonly report: VerifyReport; readonly failed: ReadonlyMap<string, KbootError> }> {
  const { result: report, failed } = await withAccess(workspace, connect, concurrency, (access) =>
    verifyCluster({ ...access, concurrency, ...run }),
  );
  return { report, failed };
}

/** Throws KbootError E-STATE if no cluster was created from the state folder. */
function refuseUnfounded({ pki, state, inventoryFile }: Workspace): void {
  if (!pki.isIssued('ca'))
    throw new KbootError('E-STATE', `${state.dir} has no certificates: there is no cluster yet`, {
      remedy: remedies.createFirst({ file: inventoryFile }),
    });
}
