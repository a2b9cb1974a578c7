import { randomBytes } from 'node:crypto';
import { images } from '../catalog/images.ts';
import { releaseOf } from '../desire/context.ts';
import { openKube } from '../kube/client.ts';
import { hostsWith } from '../model/cluster.ts';
import { KbootError } from '../model/error.ts';
import type { ConnectOptions } from '../transport/types.ts';
import { steadyKube } from '../verify/kube.ts';
import { verifyCluster, type VerifyInput } from '../verify/run.ts';
import type { VerifyReport } from '../verify/types.ts';
import { connectAll } from './observe/connect.ts';
import { apiCredentials } from './credentials.ts';
import type { Workspace } from './workspace.ts';

/**
 * Sends real traffic through the cluster; returns hosts that could not be reached beside the report.
 * Throws KbootError E-STATE if no cluster was created from this state folder, the first failure if no
 * control-plane host can be reached, and E-KUBE-API if an API request fails.
 */
export async function runVerify(
  workspace: Workspace,
  connect: ConnectOptions,
  concurrency: number,
  run: Pick<VerifyInput, 'signal' | 'onResult' | 'onProgress'>,
): Promise<{ readonly report: VerifyReport; readonly failed: ReadonlyMap<string, KbootError> }> {
  const { cluster, pki, desire } = workspace;
  refuseUnfounded(workspace);
  const credentials = apiCredentials(pki);
  const connections = await connectAll(workspace, cluster.hosts, connect, concurrency, () =>
    Promise.resolve(),
  );
  const { open, failed } = connections;
  const controlPlane = hostsWith(cluster, 'control-plane');
  const kube = steadyKube(
    controlPlane.flatMap(({ name, address }) => {
      const reader = open.get(name)?.reader;
      return reader === undefined
        ? []
        : [async () => openKube(await reader.forward(address, 6443), credentials)];
    }),
  );
  try {
    if (controlPlane.every(({ name }) => !open.has(name)))
      throw (
        controlPlane.map(({ name }) => failed.get(name)).find((error) => error !== undefined) ??
        new KbootError('E-CONNECT', 'no control-plane host is reachable')
      );
    const report = await verifyCluster({
      cluster,
      renderer: desire.renderer,
      namespace: `kboot-verify-${randomBytes(4).toString('hex')}`,
      image: images(releaseOf(desire), cluster.imageRepository).coredns,
      kube,
      readers: new Map([...open].map(([name, { reader }]) => [name, reader])),
      credentials,
      concurrency,
      ...run,
    });
    return { report, failed };
  } finally {
    kube.close();
    await connections.close();
  }
}

/** Throws KbootError E-STATE if no cluster was created from the state folder. */
export function refuseUnfounded({ pki, state, inventoryFile }: Workspace): void {
  if (!pki.isIssued('ca'))
    throw new KbootError('E-STATE', `${state.dir} has no certificates: there is no cluster yet`, {
      remedy: `Create it first: kboot up ${inventoryFile}`,
    });
}
