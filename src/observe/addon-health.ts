import pLimit from 'p-limit';
import { getAt, requestsAtOnce, type KubeClient, type KubeCredentials } from '../kube/client.ts';
import { discoveryOf, servedPath } from '../kube/discovery.ts';
import { healthOf, isWatched } from '../kube/health.ts';
import { kindKey } from '../kube/scopes.ts';
import { objectTitle } from '../kube/types.ts';
import type { Reader } from '../transport/types.ts';
import { readRecords } from './addons.ts';
import { askServer } from './ask-server.ts';

/**
 * What is wrong with the add-ons that the cluster has a record of: `add-on shop: Deployment shop/web: 1 of 2 Pods are available`.
 * Empty if they cannot be read.
 */
export async function observeAddonProblems(
  reader: Reader,
  address: string,
  credentials: KubeCredentials,
): Promise<readonly string[]> {
  return (await askServer(reader, address, credentials, addonProblems)) ?? [];
}

/** The same through a connection. Throws KbootError E-KUBE-API. */
export async function addonProblems(kube: KubeClient): Promise<readonly string[]> {
  const limit = pLimit(requestsAtOnce);
  const discovery = discoveryOf(kube);
  const records = [...(await readRecords(kube)).values()].map(({ record }) => record);
  const watched = records.flatMap(({ name, objects }) =>
    objects.filter(isWatched).map((ref) => ({ addon: name, ref })),
  );
  const problems = await Promise.all(
    watched.map(({ addon, ref }) =>
      limit(async () => {
        const kind = await discovery.find(ref);
        const title = objectTitle(ref);
        const live = kind && (await getAt(kube, servedPath(kind, ref), title));
        // A Job that has run may have been removed since.
        if (live === undefined && kindKey(ref) === 'batch/Job') return [];
        const health = healthOf(live);
        return health.state === 'ready' ? [] : [`add-on ${addon}: ${title}: ${health.why}`];
      }),
    ),
  );
  return problems.flat();
}
