import { isRecord } from '../model/record.ts';
import type { KubeObject } from './types.ts';

/** The members of a field set as the API encodes it (FieldsV1, structured-merge-diff): `f:name`, `k:{…}`, `v:…`. */
type Fields = { readonly [member: string]: Fields };

export interface ManagedEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Fields;
}

/** Under which kboot applies objects. */
export const fieldManager = 'kboot';

/**
 * Paths that kboot owns in a live object, since it set them by server-side apply, and that `want` no longer sets:
 * the next apply removes them. Paths that others own are not included.
 */
export function leftOver(want: KubeObject, live: KubeObject): string[] {
  return entriesOf(live)
    .filter(({ operation }) => operation === 'Apply')
    .flatMap(({ fieldsV1 }) => unwanted(fieldsV1 ?? {}, want, ''));
}

/** Whether kboot set a field of a live object last: a manager that changes the value becomes its owner (KEP-555). */
export function isOwn(live: KubeObject, path: readonly string[]): boolean {
  return entriesOf(live).some(({ operation, fieldsV1 }) => operation === 'Apply' && has(fieldsV1, path));
}

/** The field managers other than kboot that set a field of a live object, such as `kubectl-edit`. */
export function othersOf(live: KubeObject, path: readonly string[]): string[] {
  const { managedFields } = live.metadata as { readonly managedFields?: readonly ManagedEntry[] };
  return (managedFields ?? []).flatMap(({ manager, fieldsV1 }) =>
    manager !== undefined && manager !== fieldManager && has(fieldsV1, path) ? [manager] : [],
  );
}

function has(fields: Fields | undefined, path: readonly string[]): boolean {
  return path.reduce<Fields | undefined>((inner, name) => inner?.[`f:${name}`], fields) !== undefined;
}

/**
 * Who wrote a live object: `own`, kboot or kubeadm; `other`; or `nobody`: server-side apply keeps no manager of an object
 * without fields, such as a ServiceAccount.
 */
export function writerOf(live: KubeObject): 'own' | 'other' | 'nobody' {
  const { managedFields } = live.metadata as { readonly managedFields?: readonly ManagedEntry[] };
  const managers = (managedFields ?? []).map(({ manager }) => manager);
  if (managers.length === 0) return 'nobody';
  return managers.some((name) => name === fieldManager || name === 'kubeadm') ? 'own' : 'other';
}

/** Labels that kboot set on a live object, by any operation. */
export function ownLabels(live: KubeObject): string[] {
  const labels = entriesOf(live).flatMap(({ fieldsV1 }) =>
    Object.keys(fieldsV1?.['f:metadata']?.['f:labels'] ?? {}),
  );
  return labels.flatMap((member) => (member.startsWith('f:') ? [member.slice(2)] : []));
}

/** A field of which every item of a list has its own value: the list, `spec.ports`, and the field, `name`. */
export interface Unique {
  readonly list: string;
  readonly field: string;
}

/**
 * The managedFields of a live object with which kboot owns the items of others that are in the way of `want`: it lacks them, and
 * sets others of the same name. The next apply removes them. Undefined if there are none.
 */
export function withClaimed(
  live: KubeObject,
  want: KubeObject,
  uniques: readonly Unique[],
): readonly ManagedEntry[] | undefined {
  const { managedFields = [] } = live.metadata as { readonly managedFields?: readonly ManagedEntry[] };
  const [own] = entriesOf(live).filter(({ operation }) => operation === 'Apply');
  if (own === undefined) return undefined;
  let claims: Fields = {};
  const others = managedFields.map((entry) => {
    if (entry === own || (entry.subresource ?? '') !== '') return entry;
    const [rest, claimed] = split(entry.fieldsV1 ?? {}, { want, live, path: '' }, uniques);
    claims = united(claims, claimed);
    return { ...entry, fieldsV1: rest };
  });
  if (Object.keys(claims).length === 0) return undefined;
  return others
    .filter(({ fieldsV1 = {} }) => Object.keys(fieldsV1).length > 0)
    .map((entry) => (entry === own ? { ...own, fieldsV1: united(own.fieldsV1 ?? {}, claims) } : entry));
}

/** A place in two objects. */
interface Place {
  readonly want: unknown;
  readonly live: unknown;
  readonly path: string;
}

/** Fields without, and with only, the items that are in the way of `want`. */
function split(fields: Fields, { want, live, path }: Place, uniques: readonly Unique[]): [Fields, Fields] {
  const rest: Record<string, Fields> = {};
  const claimed: Record<string, Fields> = {};
  for (const [member, inner] of Object.entries(fields)) {
    const [found] = member === '.' ? [undefined] : memberOf(want, member);
    const [lives] = memberOf(live, member);
    if (found === undefined) {
      const isInTheWay = uniques.some(({ list, field }) => list === path && isTaken(want, lives, field));
      (isInTheWay ? claimed : rest)[member] = inner;
      continue;
    }
    const name = member.startsWith('f:') ? `${path}${path === '' ? '' : '.'}${member.slice(2)}` : path;
    const [left, taken] = split(inner, { want: found, live: lives, path: name }, uniques);
    if (Object.keys(left).length > 0 || Object.keys(inner).length === 0) rest[member] = left;
    if (Object.keys(taken).length > 0) claimed[member] = taken;
  }
  return [rest, claimed];
}

/** Whether an item of `want`, a list, has the same value in a field as `item`. */
function isTaken(want: unknown, item: unknown, field: string): boolean {
  const items: readonly unknown[] = Array.isArray(want) ? want : [];
  return (
    isRecord(item) &&
    item[field] !== undefined &&
    items.some((each) => isRecord(each) && each[field] === item[field])
  );
}

function united(one: Fields, other: Fields): Fields {
  const all: Record<string, Fields> = { ...one };
  for (const [member, inner] of Object.entries(other)) all[member] = united(all[member] ?? {}, inner);
  return all;
}

function entriesOf(live: KubeObject): readonly ManagedEntry[] {
  const { managedFields } = live.metadata as { readonly managedFields?: readonly ManagedEntry[] };
  return (managedFields ?? []).filter(
    ({ manager, subresource }) => manager === fieldManager && (subresource ?? '') === '',
  );
}

function unwanted(fields: Fields, want: unknown, path: string): string[] {
  return Object.entries(fields).flatMap(([member, inner]) => {
    if (member === '.') return [];
    const [found, name] = memberOf(want, member);
    const at = member.startsWith('f:') && path !== '' ? `${path}.${name}` : `${path}${name}`;
    return found === undefined ? [at] : unwanted(inner, found, at);
  });
}

/** The value of a member in `want` (undefined if absent), and the member's name in a path. */
function memberOf(want: unknown, member: string): [found: unknown, name: string] {
  const text = member.slice(2);
  if (member.startsWith('f:')) {
    const found = isRecord(want) && text in want ? (want[text] ?? {}) : undefined;
    return [found, text];
  }
  const items: readonly unknown[] = Array.isArray(want) ? want : [];
  if (member.startsWith('k:')) {
    const key = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return [items.find((item) => hasKey(item, key)), `[${Object.values(key).join(' ')}]`];
  }
  if (member.startsWith('v:')) return [items.find((item) => JSON.stringify(item) === text), `[${text}]`];
  return [items[Number(text)], `[${text}]`];
}

/** A key that an item omits has its default value: the API fills it in (protocol TCP). */
function hasKey(item: unknown, key: Readonly<Record<string, unknown>>): boolean {
  return (
    isRecord(item) && Object.entries(key).every(([name, value]) => !(name in item) || item[name] === value)
  );
}
