import type { PrunePolicy } from '../model/addon.ts';
import { sha256 } from '../model/digest.ts';
import { isDefinition, kindKey, refKey } from './scopes.ts';
import type { KubeObject } from './types.ts';

/** The objects of each add-on as its sources have them, by its name. */
export type RenderedAddons = ReadonlyMap<string, readonly KubeObject[]>;

/** An add-on as the API must have it. */
export interface DesiredAddon {
  readonly name: string;
  readonly after: readonly string[];
  readonly prune: PrunePolicy;
  readonly timeoutSeconds: number;
  /** Created if it does not exist; not an object of the add-on. */
  readonly namespace?: string;
  /** With the data of Secrets, which plans must not have. */
  readonly objects: readonly KubeObject[];
}

/** The label of every object of an add-on, with its name. */
export const addonLabel = 'kboot.dev/addon';

/** What identifies an object. */
export interface RecordedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  /** Of a Job: what has run, in case that its time to live removes it. */
  readonly digest?: string;
}

/** What the cluster keeps about an add-on, so that its objects are found once the inventory no longer has them. */
export interface AddonRecord {
  readonly name: string;
  readonly after: readonly string[];
  readonly prune: PrunePolicy;
  readonly objects: readonly RecordedObject[];
}

/** Where records are: ConfigMaps of this namespace that have the label addonLabel. */
export const recordNamespace = 'kube-system';

/** The ConfigMap with the record of an add-on. */
export function addonRecordRef(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: recordNamespace, name: `kboot-addon-${name}` },
  };
}

/** The record of an add-on as a ConfigMap: one line for each object. */
export function addonRecordObject({ name, after, prune, objects }: AddonRecord): KubeObject {
  const lines = objects.map((object) => JSON.stringify(object)).sort();
  const ref = addonRecordRef(name);
  return {
    ...ref,
    metadata: { ...ref.metadata, labels: { [addonLabel]: name } },
    data: { settings: JSON.stringify({ after, prune }), objects: lines.map((line) => `${line}\n`).join('') },
  };
}

/** The record in a ConfigMap; undefined if it is not one. Lines that cannot be read are left out. */
export function readAddonRecord(object: KubeObject): AddonRecord | undefined {
  const name = object.metadata.labels?.[addonLabel];
  if (name === undefined || object.metadata.name !== addonRecordRef(name).metadata.name) return undefined;
  const { settings, objects } = (object['data'] ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof objects !== 'string') return undefined;
  const { after, prune } = (parsed(settings) ?? {}) as Readonly<Record<string, unknown>>;
  return {
    name,
    after: Array.isArray(after) ? after.filter((each) => typeof each === 'string') : [],
    prune: prune === 'all' ? 'all' : 'except-data',
    objects: objects.split('\n').flatMap((line) => {
      const found = parsed(line);
      return isRecorded(found) ? [found] : [];
    }),
  };
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' && text !== '' ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

function isRecorded(value: unknown): value is RecordedObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const { name, namespace } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  return (
    [apiVersion, kind, name].every((each) => typeof each === 'string' && each !== '') &&
    (namespace === undefined || typeof namespace === 'string')
  );
}

/** An object as a record has it. */
export function recorded(object: KubeObject): RecordedObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  return {
    ...{ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } },
    ...(kindKey(object) === 'batch/Job' && { digest: sha256(JSON.stringify(object)).slice(0, 16) }),
  };
}

/** Records of the same objects, in any order and with any digests. */
export function sameObjects(one: readonly RecordedObject[], other: readonly RecordedObject[]): boolean {
  const keys = new Set(one.map(refKey));
  return keys.size === new Set(other.map(refKey)).size && other.every((each) => keys.has(refKey(each)));
}

/** Whether the deletion of an object may take data along: of every object of a kind, of a Namespace, of a volume. */
export function holdsData(ref: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return (
    isDefinition(ref) || ['/Namespace', '/PersistentVolume', '/PersistentVolumeClaim'].includes(kindKey(ref))
  );
}
