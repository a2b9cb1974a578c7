import pLimit from 'p-limit';
import {
  addonLabel,
  addonRecordRef,
  readAddonRecord,
  recordNamespace,
  type AddonRecord,
  type DesiredAddon,
} from '../kube/addons.ts';
import {
  applyAt,
  getAt,
  isApplied,
  isInvalid,
  itemsIn,
  duplicatesIn,
  objectIn,
  refused,
  requestsAtOnce,
  type KubeClient,
} from '../kube/client.ts';
import { differences } from '../kube/differences.ts';
import { discoveryOf, servedCollection, servedPath } from '../kube/discovery.ts';
import { leftOver, withClaimed } from '../kube/owned.ts';
import { collectionPath } from '../kube/paths.ts';
import {
  isDefinition,
  namespaceRef,
  placed,
  refKey,
  servedKey,
  type KindRef,
  type ServedKind,
} from '../kube/scopes.ts';
import { objectTitle, type KubeObject } from '../kube/types.ts';
import { KbootError } from '../model/error.ts';

/**
 * What the API would make of an object that differs or does not exist: asked with `dryRun=All`, which stores nothing.
 * `isInvalid`: it would refuse it, however often it is asked.
 */
export type DryRun =
  { readonly result: KubeObject } | { readonly refused: string; readonly isInvalid: boolean };

/** The live state of add-ons. */
export interface AddonsObservation {
  /** What the cluster keeps about add-ons, listed or not, by their names. */
  readonly records: ReadonlyMap<string, { readonly record: AddonRecord; readonly live: KubeObject }>;
  /** Objects by refKey; one that is not in it does not exist. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Why objects could not be read, by refKey: a conversion webhook that does not answer, for example. */
  readonly unread: ReadonlyMap<string, string>;
  /** How the API serves their kinds, by servedKey; one that is not in it is not served. */
  readonly served: ReadonlyMap<string, ServedKind>;
  /** By refKey, of objects that differ or do not exist. */
  readonly dryRuns: ReadonlyMap<string, DryRun>;
  /** Number of objects of the kind of each CRD that the add-on no longer has, by its name. */
  readonly instances: ReadonlyMap<string, number>;
}

/** Reads every object of the add-ons, and of what the cluster remembers of them. Throws KbootError E-KUBE-API. */
export async function observeAddons(
  kube: KubeClient,
  addons: readonly DesiredAddon[],
): Promise<AddonsObservation> {
  const limit = pLimit(requestsAtOnce);
  const records = await readRecords(kube);
  const discovery = discoveryOf(kube);
  const served = new Map<string, ServedKind>();
  const objects = new Map<string, KubeObject>();
  const unread = new Map<string, string>();
  const dryRuns = new Map<string, DryRun>();
  const instances = new Map<string, number>();

  const find = async (ref: KindRef): Promise<ServedKind | undefined> => {
    const found = await discovery.find(ref);
    if (found !== undefined) served.set(servedKey(ref), found);
    return found;
  };
  const read = async (ref: KindRef & Pick<KubeObject, 'metadata'>): Promise<KubeObject | undefined> => {
    try {
      const kind = await find(ref);
      if (kind === undefined) return undefined;
      const live = await getAt(kube, servedPath(kind, ref), objectTitle(ref));
      if (live !== undefined) objects.set(refKey(placed(ref, kind)), live);
      return live;
    } catch (error) {
      // Without a status, the API itself does not answer.
      if (!(error instanceof KbootError) || error.context.httpStatus === undefined) throw error;
      unread.set(refKey(ref), error.message);
      return undefined;
    }
  };

  const desired = addons.flatMap((addon) => addon.objects);
  await Promise.all([
    ...desired.map((object) =>
      limit(async () => {
        const live = await read(object);
        const kind = served.get(servedKey(object));
        if (kind === undefined || unread.has(refKey(object))) return;
        const stated = placed(object, kind);
        if (live === undefined || differences(stated, live).length + leftOver(stated, live).length > 0)
          dryRuns.set(refKey(stated), await dryRun(kube, kind, stated, live));
      }),
    ),
    ...addons.flatMap(({ namespace }) =>
      namespace === undefined ? [] : [limit(() => read(namespaceRef(namespace)))],
    ),
  ]);
  const wanted = new Set(desired.map((object) => refKey(placed(object, served.get(servedKey(object))))));
  const former = [...records.values()]
    .flatMap(({ record }) => record.objects)
    .filter((ref) => !wanted.has(refKey(ref)));
  await Promise.all(
    former.map((ref) =>
      limit(async () => {
        const live = await read(ref);
        if (live !== undefined && isDefinition(ref))
          instances.set(ref.metadata.name, await countInstances(kube, live));
      }),
    ),
  );
  return { records, objects, unread, served, dryRuns, instances };
}

/** What the cluster keeps about add-ons, by their names. Throws KbootError E-KUBE-API. */
export async function readRecords(kube: KubeClient): Promise<AddonsObservation['records']> {
  const path = `${collectionPath('v1', 'ConfigMap', recordNamespace)}?labelSelector=${encodeURIComponent(addonLabel)}`;
  const answer = await kube.request('GET', path);
  if (answer.status !== 200) throw refused(`reading ${path}`, answer);
  return new Map(
    itemsIn(answer.body, path).flatMap((item) => {
      const record = readAddonRecord(item);
      return record === undefined
        ? []
        : [[record.name, { record, live: { ...item, ...kindOf(addonRecordRef(record.name)) } }] as const];
    }),
  );
}

/** Items of a list do not carry their type. */
function kindOf({ apiVersion, kind }: KubeObject): KindRef {
  return { apiVersion, kind };
}

async function dryRun(
  kube: KubeClient,
  kind: ServedKind,
  object: KubeObject,
  live: KubeObject | undefined,
): Promise<DryRun> {
  const answer = await applyAt(kube, servedPath(kind, object), object, { dryRun: true });
  if (isApplied(answer)) return { result: objectIn(answer.body, objectTitle(object)) };
  // As an apply does it, kboot would own first what makes it invalid.
  const isMended = live !== undefined && withClaimed(live, object, duplicatesIn(answer)) !== undefined;
  return { refused: refused('a dry run', answer).message, isInvalid: isInvalid(answer) && !isMended };
}

/** Number of objects of the kind that a CRD defines; 0 if they cannot be read. */
async function countInstances(kube: KubeClient, definition: KubeObject): Promise<number> {
  const { group, names, versions } = (definition['spec'] ?? {}) as {
    readonly group?: string;
    readonly names?: { readonly plural?: string };
    readonly versions?: readonly { readonly name?: string; readonly served?: boolean }[];
  };
  const version = versions?.find(({ served }) => served === true)?.name;
  if (group === undefined || names?.plural === undefined || version === undefined) return 0;
  const kind = { plural: names.plural, namespaced: true };
  const answer = await kube.request('GET', `${servedCollection(kind, `${group}/${version}`)}?limit=1`);
  if (answer.status !== 200) return 0;
  const { items, metadata } = answer.body as {
    readonly items: readonly unknown[];
    readonly metadata?: { readonly remainingItemCount?: number };
  };
  return items.length + (metadata?.remainingItemCount ?? 0);
}
