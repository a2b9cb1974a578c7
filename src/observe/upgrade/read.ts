import pLimit from 'p-limit';
import { lostApis } from '../../catalog/lost-apis.ts';
import type { Budget } from '../../kube/budgets.ts';
import { refused, type KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/types.ts';
import { listAll } from '../../kube/list.ts';
import { readLocalVolumes } from './local-volumes.ts';
import type { DeprecatedUse, PodSeen, StoredObjects, UpgradeObservation } from './observation.ts';
import { readWebhooks } from './webhooks.ts';

/** Requests at a time. */
const atOnce = 8;

/**
 * Reads what would stop an upgrade half-way, through one API server; `metrics` reads the metrics of every API server. Only
 * GET requests. What cannot be read is in `unread`, and the rest is read nevertheless.
 */
export async function readUpgrade(
  kube: KubeClient,
  nodes: UpgradeObservation['nodes'],
  metrics: ReadonlyMap<string, () => Promise<string>>,
): Promise<UpgradeObservation> {
  const limit = pLimit(atOnce);
  const unread: string[] = [];
  const attempt = async <T>(what: string, none: T, read: () => Promise<T>): Promise<T> => {
    try {
      return await limit(read);
    } catch (error) {
      unread.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return none;
    }
  };
  const [pods, budgets, localVolumes, webhooks, stored, deprecated] = await Promise.all([
    attempt('Pods', [], () => listAll(kube, '/api/v1/pods', podSeen)),
    attempt('PodDisruptionBudgets', [], () =>
      listAll(kube, '/apis/policy/v1/poddisruptionbudgets', (budget: Budget) => budget),
    ),
    attempt('PersistentVolumes', [], () => readLocalVolumes(kube)),
    attempt('webhooks', [], () => readWebhooks(kube)),
    Promise.all(
      lostApis.flatMap(({ lostIn, groupVersion, resources }) =>
        resources.map((resource) =>
          attempt(`${resource}.${groupVersion}`, [], () =>
            readStored(kube, { lostIn, groupVersion, resource }),
          ),
        ),
      ),
    ),
    Promise.all(
      [...metrics].map(([host, read]) =>
        attempt(`metrics of ${host}`, [], async () => deprecatedUses(host, await read())),
      ),
    ),
  ]);
  return {
    ...{ nodes, pods, budgets, localVolumes, webhooks, unread },
    stored: stored.flat(),
    deprecated: deprecated.flat(),
  };
}

/** As the API serves it. */
interface ServedPod extends KubeObject {
  readonly metadata: PodSeen['metadata'];
  readonly spec?: Partial<PodSeen['spec']>;
  readonly status?: NonNullable<PodSeen['status']>;
}

/** Only what PodSeen has: a Pod's environment and status are most of its bytes. */
function podSeen(pod: ServedPod): PodSeen {
  const { name, namespace, labels, annotations = {}, ownerReferences, deletionTimestamp } = pod.metadata;
  const mirror = annotations['kubernetes.io/config.mirror'];
  const { nodeName, nodeSelector, terminationGracePeriodSeconds, volumes, containers = [] } = pod.spec ?? {};
  const { phase, conditions = [] } = pod.status ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels !== undefined && { labels }),
      ...(mirror !== undefined && { annotations: { 'kubernetes.io/config.mirror': mirror } }),
      ...(ownerReferences !== undefined && { ownerReferences }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    spec: {
      ...(nodeName !== undefined && { nodeName }),
      ...(nodeSelector !== undefined && { nodeSelector }),
      ...(terminationGracePeriodSeconds !== undefined && { terminationGracePeriodSeconds }),
      volumes: (volumes ?? []).filter(
        ({ emptyDir, persistentVolumeClaim }) =>
          emptyDir !== undefined || persistentVolumeClaim !== undefined,
      ),
      containers: containers.map(({ name: container, image, startupProbe, readinessProbe }) => ({
        name: container,
        image,
        ...(startupProbe !== undefined && { startupProbe }),
        ...(readinessProbe !== undefined && { readinessProbe }),
      })),
    },
    status: {
      ...(phase !== undefined && { phase }),
      conditions: conditions
        .filter(({ type }) => type === 'Ready')
        .map(({ type, status }) => ({ type, status })),
    },
  };
}

/** The first objects of a resource, and how many there are; none if the version is not served now. */
async function readStored(
  kube: KubeClient,
  { groupVersion, resource, lostIn }: { groupVersion: string; resource: string; lostIn: number },
): Promise<StoredObjects[]> {
  const answer = await kube.request('GET', `/apis/${groupVersion}/${resource}?limit=5`);
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw refused(`reading ${resource} of ${groupVersion}`, answer);
  const { items, metadata } = answer.body as {
    readonly items: readonly KubeObject[];
    readonly metadata?: { readonly remainingItemCount?: number };
  };
  if (items.length === 0) return [];
  const names = items.map(({ metadata: { namespace, name } }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );
  return [
    { groupVersion, resource, lostIn, names, count: items.length + (metadata?.remainingItemCount ?? 0) },
  ];
}

/** The lines of the metric apiserver_requested_deprecated_apis that name the release that removes the API. */
export function deprecatedUses(host: string, metrics: string): DeprecatedUse[] {
  return [...metrics.matchAll(/^apiserver_requested_deprecated_apis\{(.*)\} [^0\s]/gm)].flatMap(
    ([, text = '']) => {
      const labels = new Map(
        [...text.matchAll(/(?<![a-z_])([a-z_]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      );
      const of = (name: string): string => labels.get(name) ?? '';
      const removedRelease = of('removed_release');
      if (removedRelease === '') return [];
      return [
        {
          ...{ host, removedRelease, group: of('group'), version: of('version') },
          ...{ resource: of('resource'), subresource: of('subresource') },
        },
      ];
    },
  );
}
