import { openKube, refused, type KubeClient, type KubeCredentials } from '../../kube/client.ts';
import type { Reader } from '../../transport/types.ts';
import type { UpgradeObservation } from './observation.ts';
import { readUpgrade } from './read.ts';

/** An API server of a big cluster has tens of MB of metrics. */
const mostMetrics = 256 * 1024 * 1024;

/** An API server, and the connection to its host. */
export interface ApiServer {
  readonly host: string;
  readonly address: string;
  readonly reader: Reader;
}

/**
 * Reads what would stop an upgrade half-way through the first API server that answers, and the metrics of all of them;
 * undefined if none answers.
 */
export async function observeUpgrade(
  servers: readonly ApiServer[],
  credentials: KubeCredentials,
  nodes: UpgradeObservation['nodes'],
): Promise<UpgradeObservation | undefined> {
  const open = async ({ reader, address }: ApiServer): Promise<KubeClient> =>
    await openKube(await reader.forward(address, 6443), credentials);
  const metrics = servers.map((server) => [server.host, () => metricsOf(open(server))] as const);
  for (const server of servers) {
    const kube = await open(server).catch(() => undefined);
    if (kube === undefined) continue;
    try {
      return await readUpgrade(kube, nodes, new Map(metrics));
    } finally {
      kube.close();
    }
  }
  return undefined;
}

async function metricsOf(opening: Promise<KubeClient>): Promise<string> {
  const kube = await opening;
  try {
    const answer = await kube.request('GET', '/metrics', { asText: true, maxBytes: mostMetrics });
    if (answer.status !== 200) throw refused('reading /metrics', answer);
    return String(answer.body);
  } finally {
    kube.close();
  }
}
