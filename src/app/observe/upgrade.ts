import { statfs } from 'node:fs/promises';
import type { Inspection } from '../../model/inspection.ts';
import type { UpgradeObservation } from '../../observe/upgrade/observation.ts';
import { versionChange, versionsOf } from '../../plan/upgrade/versions.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';
import { servingHosts } from './cluster.ts';
import type { Connections } from './connect.ts';

/**
 * What would stop an upgrade half-way, read through the first API server that answers; undefined if the cluster has the
 * inventory's version, or no API server answered.
 */
export async function observeUpgrade(
  { cluster, pki, state }: Workspace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  seen: Parameters<typeof versionsOf>[1],
): Promise<UpgradeObservation | undefined> {
  const { api } = seen;
  const change = versionChange(versionsOf(cluster, seen), cluster.kubernetesVersion);
  if (api?.state !== 'present' || change === undefined) return undefined;
  const servers = servingHosts(cluster, inspections).flatMap(({ name, address }) => {
    const reader = connections.open.get(name)?.reader;
    return reader === undefined ? [] : [{ host: name, address, reader }];
  });
  // HTTP/2 and TLS cost start-up time that offline plans need not pay.
  const { observeUpgrade: observe } = await import('../../observe/upgrade/index.ts');
  const [seenThrough, freeMiB] = await Promise.all([
    observe(servers, apiCredentials(pki), api.nodes),
    freeMiBOf(state.dir),
  ]);
  return (
    seenThrough && {
      ...seenThrough,
      ...(freeMiB !== undefined && { stateFolder: { path: state.dir, freeMiB } }),
    }
  );
}

/** undefined where the file system does not say it. */
async function freeMiBOf(folder: string): Promise<number | undefined> {
  const seen = await statfs(folder).catch(() => undefined);
  return seen === undefined ? undefined : Math.floor((seen.bavail * seen.bsize) / 1024 / 1024);
}
