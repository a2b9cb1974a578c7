import { sha256 } from '../model/digest.ts';
import { isImpact, plannedImpact, type Impact } from '../model/impact.ts';
import type { SecurityProfile } from '../model/security.ts';
import { defaultAt, impactOf } from './json-schema.ts';
import { impacts } from './impact.ts';
import type { Path } from './position.ts';
import type { Inventory } from './schema.ts';

/**
 * Fields of an inventory by their path, `spec.hosts[w-1].labels`, with the value as JSON. What may hold a secret, or a
 * long text, is represented by its digest. Fields of the operator's machine alone, such as SSH keys, are left out.
 */
export type InventoryRecord = Readonly<Record<string, string>>;

/** One field that differs between two records. */
export interface FieldChange {
  readonly field: string;
  /** As JSON; absent: not set. Both are absent if the value may be secret, or the field is all of a host or an add-on. */
  readonly from?: string;
  readonly to?: string;
  readonly impact: Impact;
}

/** Fields that concern the machine that runs kboot, and may differ between operators. */
const operators =
  /^(apiVersion|kind|spec\.(preflight|hostsFrom|vagrant|artifacts|state|templates|pki\.rotate)|.*\.(identityFile|vagrant|source|policyFile))\b/;

/** Fields whose values are names, numbers and addresses. The others are recorded by digest. */
const shown =
  /^(metadata|spec\.(kubernetesVersion|controlPlaneEndpoint|networking|loadBalancer|metallb|imageRepository|security|encryption|pki|dns\.(upstream|replicas)|etcd\.dataDir|upgrade|hosts\[[^\]]*\]\.(roles|address|connection|labels|taints|upgradeGroup|ssh\.(address|port|user))|ssh\.(user|port)))\b/;

const digested = /^"sha256:/;

const profileField = 'spec.security.profile';

/**
 * What is kept of an applied inventory: a plan compares the next one with it, to say what changed. `profile`: what the
 * cluster is, whether the inventory says so or not. `fromEnvironment`: values that are kept by digest.
 */
export function recordOf(
  inventory: Inventory,
  profile: SecurityProfile = 'kubeadm',
  fromEnvironment: readonly Path[] = [],
): InventoryRecord {
  // Clusters of before there were profiles have no word of it in their records.
  const record: Record<string, string> =
    profile === 'kubeadm' ? {} : { [profileField]: JSON.stringify(profile) };
  const isTaken = (at: Path): boolean =>
    fromEnvironment.some((taken) => at.every((step, index) => taken[index] === step));
  const walk = (value: unknown, tree: unknown, path: string, at: Path): void => {
    if (value === undefined || operators.test(path)) return;
    if (isImpact(tree))
      record[path] = shown.test(path) && !isTaken(at) ? JSON.stringify(value) : digestOf(value);
    else if (Array.isArray(value))
      for (const [index, item] of value.entries()) {
        const key = keyOf(item);
        const isFirst = key !== undefined && value.findIndex((each) => keyOf(each) === key) === index;
        walk(item, tree, `${path}[${isFirst ? key : String(index)}]`, [...at, index]);
      }
    else if (typeof value === 'object' && value !== null)
      for (const [key, child] of Object.entries(value))
        walk(child, (tree as Readonly<Record<string, unknown>>)[key], path === '' ? key : `${path}.${key}`, [
          ...at,
          key,
        ]);
  };
  walk(inventory, impacts, '', []);
  return record;
}

/** The fields that differ, in the order of their names; one that is only spelled out with its default does not. */
export function fieldChanges(was: InventoryRecord, now: InventoryRecord): readonly FieldChange[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(now)])].sort();
  const whole = [...hostChanges(was, now), ...addonChanges(was, now)];
  const changes = fields.flatMap((field): FieldChange[] => {
    if (whole.some((item) => field.startsWith(`${item.field}.`))) return [];
    const [from, to] = [was[field], now[field]];
    const path = field.replaceAll(/\[[^\]]*\]/g, '').split('.');
    const impact = impactOf(path);
    if (from === to || impact === undefined) return [];
    if ((from === undefined || to === undefined) && (from ?? to) === JSON.stringify(defaultAt(path)))
      return [];
    const secret = digested.test(from ?? '') || digested.test(to ?? '');
    return [
      {
        field,
        ...(from !== undefined && !secret && { from }),
        ...(to !== undefined && !secret && { to }),
        impact: plannedImpact(impact),
      },
    ];
  });
  return [...whole, ...changes];
}

/** Hosts that come or go, each as one change. */
function hostChanges(was: InventoryRecord, now: InventoryRecord): readonly FieldChange[] {
  const [left, joined] = exchanged(was, now, 'spec.hosts');
  const change = (what: string) => (field: string) => ({
    ...{ field, impact: { impact: 'membership' as const, what } },
  });
  return [
    ...left.map(change('the host leaves the cluster')),
    ...joined.map(change('the host joins the cluster')),
  ];
}

/** Add-ons that come or go, each as one change. */
function addonChanges(was: InventoryRecord, now: InventoryRecord): readonly FieldChange[] {
  const impact = impactOf(['spec', 'addons', 'name']);
  const [left, come] = exchanged(was, now, 'spec.addons');
  return impact === undefined
    ? []
    : [...left, ...come].map((field) => ({ field, impact: plannedImpact(impact) }));
}

/** Items of a list, `spec.hosts[w-1]`, that only the first record has, and that only the second has. */
function exchanged(was: InventoryRecord, now: InventoryRecord, list: string): [string[], string[]] {
  const itemsOf = (record: InventoryRecord): string[] =>
    Object.keys(record).flatMap((field) =>
      field.startsWith(`${list}[`) && /^[^\]]*\]\.name$/.test(field.slice(list.length))
        ? [field.slice(0, -'.name'.length)]
        : [],
    );
  const [before, after] = [itemsOf(was), itemsOf(now)];
  return [before.filter((item) => !after.includes(item)), after.filter((item) => !before.includes(item))];
}

const digestOf = (value: unknown): string =>
  JSON.stringify(`sha256:${sha256(JSON.stringify(value)).slice(0, 16)}`);

/** What identifies an item of a list, regardless of its position. */
function keyOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { name, path, peerAddress, key, host } = item as Readonly<Record<string, unknown>>;
  const found = name ?? path ?? peerAddress ?? key ?? host;
  return typeof found === 'string' ? found : undefined;
}
