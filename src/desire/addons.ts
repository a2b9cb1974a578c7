import { addonLabel, recordNamespace, type DesiredAddon, type RenderedAddons } from '../kube/addons.ts';
import { isDefinition, isNamespaced, kindKey, refKey } from '../kube/scopes.ts';
import { objectTitle, type KubeObject } from '../kube/types.ts';
import type { Addon } from '../model/addon.ts';
import { without } from '../model/without.ts';
import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';

/** Namespaces that every cluster has. */
const given: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * The add-ons of an inventory, as the API must have them: each after those that it needs. `own`: kboot's own objects.
 * Throws KbootError E-INVENTORY with every object that two add-ons have, an add-on has twice, or kboot has.
 */
export function desireAddons(
  addons: readonly Addon[],
  rendered: RenderedAddons,
  own: readonly KubeObject[] = [],
): readonly DesiredAddon[] {
  const definitions = [...rendered.values()].flat().filter(isDefinition);
  const desired = inOrder(addons).map(({ name, namespace, after, prune, timeoutSeconds }): DesiredAddon => {
    const objects = (rendered.get(name) ?? []).map((object) =>
      ofAddon(object, name, namespace ?? 'default', definitions),
    );
    const creates = namespace !== undefined && !given.includes(namespace);
    return { name, after, prune, timeoutSeconds, ...(creates && { namespace }), objects };
  });
  refuseTwice(desired, own);
  const stated = new Set(
    [...own, ...desired.flatMap(({ objects }) => objects)]
      .filter((object) => kindKey(object) === '/Namespace')
      .map(({ metadata }) => metadata.name),
  );
  return desired.map(({ namespace, ...addon }) => ({
    ...addon,
    ...(namespace !== undefined && !stated.has(namespace) && { namespace }),
  }));
}

/** Each add-on after those that it needs, and otherwise in the order of the inventory. */
export function inOrder<T extends { readonly name: string; readonly after: readonly string[] }>(
  addons: readonly T[],
): readonly T[] {
  const sorted: T[] = [];
  const visited = new Set<T>();
  const visit = (addon: T): void => {
    if (visited.has(addon)) return;
    visited.add(addon);
    for (const each of addons) if (addon.after.includes(each.name)) visit(each);
    sorted.push(addon);
  };
  addons.forEach(visit);
  return sorted;
}

/** An object with its namespace, the label of its add-on, and in the form in which the API keeps it. */
function ofAddon(
  object: KubeObject,
  addon: string,
  namespace: string,
  definitions: readonly KubeObject[],
): KubeObject {
  const { namespace: stated, labels, ...metadata } = object.metadata;
  // Of a kind that is not known yet, the API says so when it is applied.
  const inside = isNamespaced(object, definitions) === false ? undefined : (stated ?? namespace);
  return asStored({
    ...object,
    metadata: {
      ...metadata,
      ...(inside !== undefined && { namespace: inside }),
      labels: { ...labels, [addonLabel]: addon },
    },
  });
}

/** `stringData` of a Secret is only for writing, and the rules of an aggregated ClusterRole are its controller's. */
function asStored(object: KubeObject): KubeObject {
  if (kindKey(object) === '/Secret' && 'stringData' in object) {
    const { stringData, ...rest } = object;
    // readManifest takes texts only.
    const texts = Object.entries((stringData ?? {}) as Readonly<Record<string, string | null>>);
    const encoded = texts.map(([key, value]) => [key, Buffer.from(value ?? '').toString('base64')] as const);
    return { ...rest, data: { ...(rest['data'] as object | undefined), ...Object.fromEntries(encoded) } };
  }
  if (kindKey(object) === 'rbac.authorization.k8s.io/ClusterRole' && 'aggregationRule' in object) {
    return without(object, 'rules') as KubeObject;
  }
  return object;
}

function refuseTwice(addons: readonly DesiredAddon[], own: readonly KubeObject[]): void {
  const owners = new Map(own.map((object) => [refKey(object), 'kboot itself']));
  const problems = addons.flatMap(({ name, objects }) =>
    objects.flatMap((object) => {
      const key = refKey(object);
      const owner = isReserved(object) ? 'kboot itself' : owners.get(key);
      owners.set(key, `add-on ${name}`);
      return owner === undefined
        ? []
        : [`${objectTitle(object)} of add-on ${name} is already ${ownerText(owner, name)}`];
    }),
  );
  if (problems.length === 0) return;
  throw new KbootError('E-INVENTORY', problems.join('\n'), {
    remedy: remedies.oneOwner,
  });
}

/** What kboot writes in kube-system while it runs: records of add-ons, also of those that left, its lock, its inventory. */
function isReserved(object: KubeObject): boolean {
  const { namespace, name } = object.metadata;
  const isKind = ['/ConfigMap', 'coordination.k8s.io/Lease'].includes(kindKey(object));
  return isKind && namespace === recordNamespace && /^kboot(-|$)/.test(name);
}

function ownerText(owner: string, name: string): string {
  return owner === `add-on ${name}` ? 'in it' : `that of ${owner}`;
}

/** The name by which a plan refers to the data of a Secret, which only this machine has. */
export function addonSecretName(addon: string, object: KubeObject): string {
  return `add-on ${addon}: ${objectTitle(object)}`;
}

/** Whether the data of an object may only appear by its digest. */
export function isSecret(object: KubeObject): boolean {
  return kindKey(object) === '/Secret';
}

/** The data of a Secret as JSON: what plans do not have. */
export function secretData(object: KubeObject): string {
  return JSON.stringify(object['data'] ?? {});
}

/** The data of all Secrets of add-ons, by the name that plans have for it. */
export function addonSecrets(addons: readonly DesiredAddon[]): Map<string, string> {
  return new Map(
    addons.flatMap(({ name, objects }) =>
      objects
        .filter(isSecret)
        .map((object): [string, string] => [addonSecretName(name, object), secretData(object)]),
    ),
  );
}
