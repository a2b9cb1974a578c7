import { addonSecretName, inOrder, isSecret, secretData } from '../../desire/addons.ts';
import {
  addonLabel,
  addonRecordObject,
  addonRecordRef,
  holdsData,
  recorded,
  sameObjects,
  type AddonRecord,
  type DesiredAddon,
  type RecordedObject,
} from '../../kube/addons.ts';
import { differences } from '../../kube/differences.ts';
import { healthOf, isWatched } from '../../kube/health.ts';
import { leftOver } from '../../kube/owned.ts';
import {
  isDefinition,
  isOwnKind,
  kindKey,
  namespaceRef,
  placed,
  refKey,
  servedKey,
} from '../../kube/scopes.ts';
import { objectTitle, type KubeObject } from '../../kube/types.ts';
import { sha256 } from '../../model/digest.ts';
import { without } from '../../model/without.ts';
import { few } from '../../model/few.ts';
import { plural } from '../../model/plural.ts';
import type { AddonsObservation } from '../../observe/addons.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import { refOf } from '../target.ts';
import type { ApplyStep, DeleteStep } from '../types.ts';
import { objectDiff, settled } from './object-diff.ts';
import { mustReplace } from './immutable.ts';

/** The changes of one add-on, before they are arranged in phases. */
export interface AddonChanges {
  readonly name: string;
  readonly after: readonly string[];
  readonly timeoutSeconds: number;
  /** The record of what it has and had, before the first change. */
  readonly opening: readonly ApplyStep[];
  /** Of its objects, in the order in which they are stated. */
  readonly applies: readonly ApplyStep[];
  /** Objects that it no longer has. */
  readonly deletes: readonly DeleteStep[];
  /** The record of what it has, after the last change. */
  readonly closing: readonly (ApplyStep | DeleteStep)[];
  /** Objects whose health is waited for; empty: nothing changes, and all are healthy. */
  readonly watched: readonly KubeObject[];
  /** It is no longer listed. */
  readonly isGone: boolean;
}

/** Seconds for one request, and for an API server or a webhook that has just started. */
const stepSeconds = 60;

/** Number of differing paths that a step names. */
const pathsShown = 4;

/** The changes of every add-on that has any: listed ones each after those that it needs, then those that left. */
export function diffAddons(
  addons: readonly DesiredAddon[],
  seen: ClusterObservation,
  own: readonly KubeObject[] = [],
): readonly AddonChanges[] {
  const live = seen.state === 'present' ? seen.addons : undefined;
  const wanted = new Set(
    [...own, ...addons.flatMap(({ objects }) => objects.map((object) => inApi(object, live)))].map(refKey),
  );
  const listed = addons.map((addon) => diffListed(addon, seen, live, wanted));
  const names = new Set(addons.map(({ name }) => name));
  const left = [...(live?.records.values() ?? [])].flatMap(({ record }) =>
    names.has(record.name) ? [] : [record],
  );
  // What needs another add-on leaves before it.
  const gone = inOrder(left)
    .toReversed()
    .map((record) => diffGone(record, live, wanted));
  return [...listed, ...gone].filter(({ opening, applies, deletes, closing, watched }) =>
    [opening, applies, deletes, closing, watched].some((list) => list.length > 0),
  );
}

/** An object as the API addresses it. */
export function inApi(object: KubeObject, live: AddonsObservation | undefined): KubeObject {
  return placed(object, live?.served.get(servedKey(object)));
}

function diffListed(
  addon: DesiredAddon,
  seen: ClusterObservation,
  live: AddonsObservation | undefined,
  wanted: ReadonlySet<string>,
): AddonChanges {
  const { name, after, prune, timeoutSeconds } = addon;
  const objects = addon.objects.map((object) => inApi(object, live));
  const record = live?.records.get(name);
  const isUnread = seen.state === 'unavailable';
  const former = record?.record.objects ?? [];
  const applies = [
    ...namespaceStep(addon, isUnread, live),
    ...objects.flatMap((object) => objectStep(name, object, isUnread, live, former)),
  ];
  const deletes = former
    .filter((ref) => !wanted.has(refKey(ref)) && isDeleted(ref, prune, live, name))
    .map((ref) => deleteStep(name, ref, 'no longer in the add-on', live));
  const now: AddonRecord = { name, after, prune, objects: objects.map(recorded) };
  const exists = record !== undefined;
  // Every object is on record before it exists: a run that ends in between leaves nothing that nobody knows of.
  const all = [...now.objects, ...former.filter((ref) => !wanted.has(refKey(ref)))];
  const first = { ...now, objects: all.map((ref) => asBefore(ref, former)) };
  const opens = applies.length > 0 && !sameObjects(all, former);
  const kept = opens ? addonRecordObject(first) : record?.live;
  const unhealthy = objects.some(
    (object) => isWatched(object) && healthOf(live?.objects.get(refKey(object))).state !== 'ready',
  );
  return {
    ...{ name, after, timeoutSeconds, applies, deletes, isGone: false },
    opening: opens ? [recordStep(first, 'opening', exists)] : [],
    closing:
      kept === undefined || recordDiffers(kept, now) ? [recordStep(now, 'closing', exists || opens)] : [],
    watched: applies.length + deletes.length > 0 || unhealthy ? objects.filter(isWatched) : [],
  };
}

/** An add-on that is no longer listed: what does not hold data goes, and then its record. */
function diffGone(
  { name, after, prune, objects }: AddonRecord,
  live: AddonsObservation | undefined,
  wanted: ReadonlySet<string>,
): AddonChanges {
  const deletes = objects
    .filter((ref) => !wanted.has(refKey(ref)) && isDeleted(ref, prune, live, name))
    .map((ref) => deleteStep(name, ref, 'its add-on is no longer in the inventory', live));
  const ref = refOf(addonRecordRef(name));
  return {
    ...{ name, after, timeoutSeconds: goneSeconds, opening: [], applies: [], watched: [], isGone: true },
    deletes,
    closing: [
      {
        type: 'delete',
        id: `add-on ${name}: removes its record`,
        verb: 'delete',
        target: { kind: 'object', ref },
        reason: 'the record of the add-on',
        effects: [],
        object: ref,
        addon: name,
        timeoutSeconds: stepSeconds,
      },
    ],
  };
}

/** For the deletion of what an add-on had that is no longer listed: its own time limit went with it. */
const goneSeconds = 300;

function objectStep(
  addon: string,
  object: KubeObject,
  isUnread: boolean,
  live: AddonsObservation | undefined,
  former: readonly RecordedObject[],
): ApplyStep[] {
  const key = refKey(object);
  const found = live?.objects.get(key);
  const step = (verb: ApplyStep['verb'], reason: string, extra: Partial<ApplyStep> = {}): ApplyStep[] => [
    { ...applyStep(addon, object, verb, reason), ...extra },
  ];
  if (isUnread) return step('update', 'applied unconditionally: the API does not respond yet');
  const unread = live?.unread.get(key);
  if (unread !== undefined)
    return step('update', `applied unconditionally: it could not be read (${unread})`);
  if (found === undefined) {
    if (isOver(object, former)) return [];
    const isServed = live === undefined || isOwnKind(object) || live.served.has(servedKey(object));
    return step('create', isServed ? '' : 'the API does not serve its kind yet');
  }
  const stated = differences(object, found);
  const extra = leftOver(object, found);
  if (stated.length + extra.length === 0) return [];
  const dry = live?.dryRuns.get(key);
  if (dry === undefined || 'refused' in dry) {
    const replace = dry?.isInvalid === true ? mustReplace(found, stated) : undefined;
    return replace === undefined
      ? step('update', changeText(stated, extra))
      : step('update', `deleted and created again: ${replace}`, { replaces: true });
  }
  // Another spelling of the same: the API keeps `1000m` as `1`.
  const changed = differences(settled(dry.result), settled(found));
  const dropped = differences(settled(found), settled(dry.result));
  if (changed.length + dropped.length === 0) return [];
  const diff = isSecret(object) ? undefined : objectDiff(found, dry.result);
  const paths = changed.filter((path) => !extra.includes(path));
  return step(
    'update',
    changeText(paths.length > 0 ? paths : stated, extra),
    diff === undefined ? {} : { diff },
  );
}

function changeText(changed: readonly string[], extra: readonly string[]): string {
  return [
    ...(changed.length === 0 ? [] : [`differs at ${few(changed, pathsShown)}`]),
    ...(extra.length === 0 ? [] : [`no longer has ${few(extra, pathsShown)}`]),
  ].join('; ');
}

/** A Job that has done its work, and that its time to live has removed since. */
function isOver(object: KubeObject, former: readonly RecordedObject[]): boolean {
  if (kindKey(object) !== 'batch/Job') return false;
  const { ttlSecondsAfterFinished } = (object['spec'] ?? {}) as {
    readonly ttlSecondsAfterFinished?: unknown;
  };
  const known = former.find((ref) => refKey(ref) === refKey(object));
  return ttlSecondsAfterFinished !== undefined && known?.digest === recorded(object).digest;
}

function applyStep(addon: string, object: KubeObject, verb: ApplyStep['verb'], reason: string): ApplyStep {
  const shown = isSecret(object) ? (without(object, 'data') as KubeObject) : object;
  return {
    type: 'apply',
    id: `add-on ${addon}: ${kindKey(object)} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
    verb,
    target: { kind: 'object', ref: refOf(object) },
    reason,
    effects: [],
    object: shown,
    addon,
    ...(isSecret(object) && {
      data: { name: addonSecretName(addon, object), sha256: sha256(secretData(object)) },
    }),
    timeoutSeconds: stepSeconds,
  };
}

function namespaceStep(
  { name, namespace }: DesiredAddon,
  isUnread: boolean,
  live: AddonsObservation | undefined,
): ApplyStep[] {
  if (namespace === undefined) return [];
  const object = namespaceRef(namespace);
  if (live?.objects.has(refKey(object)) === true) return [];
  return [applyStep(name, object, isUnread ? 'update' : 'create', isUnread ? 'if it does not exist' : '')];
}

function recordStep(record: AddonRecord, when: 'opening' | 'closing', exists: boolean): ApplyStep {
  const object = addonRecordObject(record);
  return {
    type: 'apply',
    id: `add-on ${record.name}: its record, ${when}`,
    verb: exists ? 'update' : 'create',
    target: { kind: 'object', ref: refOf(object) },
    reason: `the record of ${plural(record.objects.length, 'object')}`,
    effects: [],
    object,
    addon: record.name,
    timeoutSeconds: stepSeconds,
  };
}

/** What a record has about an object before it is applied: nobody has seen the new one work yet. */
function asBefore(ref: RecordedObject, former: readonly RecordedObject[]): RecordedObject {
  const rest = without(ref, 'digest');
  const digest = former.find((each) => refKey(each) === refKey(ref))?.digest;
  return digest === undefined ? rest : { ...rest, digest };
}

function recordDiffers(live: KubeObject, now: AddonRecord): boolean {
  return differences(addonRecordObject(now)['data'], live['data']).length > 0;
}

/** Whether an object is deleted: it exists, this add-on has applied it last, and it does not hold data. */
function isDeleted(
  ref: RecordedObject,
  prune: AddonRecord['prune'],
  live: AddonsObservation | undefined,
  addon: string,
): boolean {
  const found = live?.objects.get(refKey(ref));
  return found?.metadata.labels?.[addonLabel] === addon && !isKept(found, ref, prune);
}

/** Helm's annotation for objects that stay. */
const keepAnnotation = 'helm.sh/resource-policy';

function isKept(found: KubeObject, ref: RecordedObject, prune: AddonRecord['prune']): boolean {
  if (found.metadata.annotations?.[keepAnnotation] === 'keep') return true;
  return prune !== 'all' && holdsData(ref);
}

function deleteStep(
  addon: string,
  { apiVersion, kind, metadata }: RecordedObject,
  reason: string,
  live: AddonsObservation | undefined,
): DeleteStep {
  const object = refOf({ apiVersion, kind, metadata });
  const count = isDefinition(object) ? live?.instances.get(metadata.name) : undefined;
  return {
    type: 'delete',
    id: `add-on ${addon}: removes ${kindKey(object)} ${metadata.namespace ?? ''}/${metadata.name}`,
    verb: 'delete',
    target: { kind: 'object', ref: object },
    reason: count === undefined ? reason : `${reason}, with ${plural(count, 'object')} of its kind`,
    effects: [],
    object,
    addon,
    timeoutSeconds: stepSeconds,
  };
}

/** Whether a CRD is that of an object. */
function defines(definition: KubeObject, object: RecordedObject): boolean {
  const { group, names } = (definition['spec'] ?? {}) as {
    readonly group?: unknown;
    readonly names?: { readonly kind?: unknown };
  };
  return kindKey(object) === `${String(group)}/${String(names?.kind)}`;
}

/** What stays although no add-on has it any more, all of it, since no record has it from then on; and what could not be read. */
export function addonWarnings(addons: readonly DesiredAddon[], seen: ClusterObservation): readonly string[] {
  const live = seen.state === 'present' ? seen.addons : undefined;
  if (live === undefined) return [];
  const wanted = new Set(
    addons.flatMap(({ objects }) => objects.map((object) => refKey(inApi(object, live)))),
  );
  return [...live.records.values()].flatMap(({ record }) => {
    const addon = addons.find(({ name }) => name === record.name);
    const prune = addon?.prune ?? record.prune;
    const lost = record.objects.filter((ref) => !wanted.has(refKey(ref)));
    const kept = lost.flatMap((ref) => {
      const found = live.objects.get(refKey(ref));
      if (found?.metadata.labels?.[addonLabel] !== record.name || !isKept(found, ref, prune)) return [];
      const count = isDefinition(ref) ? live.instances.get(ref.metadata.name) : undefined;
      if (count === undefined) return [objectTitle(ref)];
      // Those that this plan deletes are still counted.
      const leaving = lost.filter(
        (each) => defines(found, each) && isDeleted(each, prune, live, record.name),
      );
      return [`${objectTitle(ref)} (${plural(Math.max(0, count - leaving.length), 'object')} of its kind)`];
    });
    const unread = lost.filter((ref) => live.unread.has(refKey(ref))).map(objectTitle);
    return [
      ...(kept.length === 0
        ? []
        : [
            `add-on ${record.name}: ${kept.join(', ')} ${kept.length === 1 ? 'stays' : 'stay'} in the cluster, and kboot no longer keeps a record of ${kept.length === 1 ? 'it' : 'them'}: they may hold data. If you do not need them, \`kubectl delete\` them; with prune: all, kboot would have deleted them`,
          ]),
      ...(unread.length === 0
        ? []
        : [
            `add-on ${record.name}: ${few(unread, 4)} could not be read, and ${unread.length === 1 ? 'stays' : 'stay'}`,
          ]),
    ];
  });
}
