import type { Path } from '../inventory/position.ts';
import type { Json } from '../model/cluster.ts';
import { asKbootDoes, left, taken, type Outcome } from './outcome.ts';
import type { TreeRule } from './tree-rules.ts';
import { flagOf, jsonObjectOf, jsonOf, listOf, textOf, textsOf } from './values.ts';
import { recordOf } from '../model/record.ts';

const empty = left('it is empty');

/** A text as one field; with `preset`, only if it is another one. */
export const textRule =
  (path: Path, preset?: string): TreeRule =>
  (value, at, document) => {
    const found = textOf(value);
    if (value === null || value === '') return empty;
    if (found === undefined) throw document.fault(at, 'must be a text');
    return found === preset ? asKbootDoes("kboot's default") : taken(path, found);
  };

/** Texts of a list, each as an item of a list. */
export const itemsRule =
  (path: Path): TreeRule =>
  (value, at, document) => {
    if (value === null) return empty;
    if (!Array.isArray(value)) throw document.fault(at, 'must be a list');
    const items = textsOf(value);
    if (items.length === 0) return empty;
    return {
      fields: items.map((item) => ({ path: [...path, -1], value: item })),
      became: path.filter((step) => typeof step === 'string').join('.'),
    };
  };

/**
 * Flags of a component: a mapping (`v: "4"`), kubeadm's list (`{name: v, value: "4"}`), or words (`--v=4`). A flag without
 * a value is true.
 */
export function argumentsOutcome(value: unknown, path: Path): Outcome | undefined {
  const pairs = argumentPairs(value);
  if (pairs === undefined) return undefined;
  if (pairs.length === 0) return empty;
  return {
    fields: pairs.map(([name, each]) => ({ path: [...path, -1], value: { name, value: each } })),
    became: path
      .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
      .join('')
      .slice(1),
  };
}

/** Names and values of flags; undefined: they are none. */
export function argumentPairs(value: unknown): readonly (readonly [string, string])[] | undefined {
  if (value === null || value === undefined) return [];
  const list = listOf(value);
  const pairs =
    list === undefined
      ? Object.entries(recordOf(value) ?? { '': '' }).map(([name, each]) => [name, scalar(each)] as const)
      : list.map((item) => {
          const { name, value: each } = recordOf(item) ?? {};
          if (name !== undefined) return [textOf(name) ?? '', scalar(each)] as const;
          const [, word = '', setting = 'true'] =
            /^-{0,2}([\w.-]+)(?:[= ](.*))?$/s.exec(textOf(item) ?? '') ?? [];
          return [word, setting.replace(/^(["'])(.*)\1$/s, '$2')] as const;
        });
  return pairs.every((pair): pair is readonly [string, string] => pair[0] !== '' && pair[1] !== undefined)
    ? pairs
    : undefined;
}

/** A value of a flag; an empty one is one, too. */
function scalar(value: unknown): string | undefined {
  return value === '' || value === null ? '' : textOf(value);
}

export const argumentsRule =
  (component: string): TreeRule =>
  (value, at, document) => {
    const outcome = argumentsOutcome(value, ['spec', component, 'extraArgs']);
    if (outcome === undefined) throw document.fault(at, 'must be flags with their values');
    return outcome;
  };

/** Items that have the same form in an inventory: volumes, variables. */
export const sameItemsRule =
  (path: Path): TreeRule =>
  (value, at, document) => {
    if (value === null) return empty;
    if (!Array.isArray(value)) throw document.fault(at, 'must be a list');
    if (value.length === 0) return empty;
    return {
      fields: value.map((item: unknown) => ({ path: [...path, -1], value: jsonOf(item) })),
      became: path.join('.'),
    };
  };

/** A mapping of settings, each of which is a field of its own; `own`: those that kboot derives from others. */
export const settingsRule =
  (path: Path, own: readonly string[] = []): TreeRule =>
  (value) => {
    const settings = jsonObjectOf(value);
    if (settings === undefined) return empty;
    const fields = Object.entries(settings)
      .filter(([name, each]) => !own.includes(name) && each !== null)
      .map(([name, each]) => ({ path: [...path, name], value: each }));
    return fields.length === 0 ? asKbootDoes('kboot sets it') : { fields, became: path.join('.') };
  };

/** A boolean that must have one value, since kboot knows no other. */
export const mustBe =
  (wanted: boolean, same: string, why: string): TreeRule =>
  (value) =>
    (flagOf(value) ?? wanted) === wanted ? asKbootDoes(same) : left(why);

/** `disabled: true` of kube-proxy. */
export const kubeProxyDisabled: TreeRule = (value) =>
  flagOf(value) === true ? noKubeProxy : asKbootDoes('kube-proxy is installed');

/** kube-proxy is not installed. */
export const noKubeProxy: Outcome = taken(
  ['spec', 'kubeProxy', 'enabled'],
  false,
  'something else must do its work (docs/networks.md)',
);

/** A Pod network that kboot does not install; `name` if it is one that people know. */
export const otherNetwork = (name = 'another network'): Outcome =>
  left(
    `kboot installs flannel. For ${name}, set spec.networking.cni to none, and state it in spec.addons (docs/networks.md)`,
  );

/** Always the same reason. */
export const never =
  (why: string): TreeRule =>
  () =>
    left(why);

/** Part of another field, which a rule or the reader makes of several keys. */
export const partOf =
  (became: string, why?: string): TreeRule =>
  () => ({ became, ...(why !== undefined && { why }) });

/** Files of another machine that an inventory would name on this one. */
export function etcdExternal(
  value: unknown,
  names: readonly [ca: string, cert: string, key: string],
): Outcome {
  const { endpoints, [names[0]]: caFile, [names[1]]: certFile, [names[2]]: keyFile } = recordOf(value) ?? {};
  const urls = textsOf(endpoints);
  const files = [caFile, certFile, keyFile].map(textOf);
  if (urls.length === 0 || files.includes(undefined))
    return left('kboot connects to etcd with TLS and a client certificate only: endpoints and three files');
  const [ca, cert, key] = files.map((file) => file ?? '');
  const external: Json = { endpoints: urls, caFile: ca ?? '', certFile: cert ?? '', keyFile: key ?? '' };
  return taken(
    ['spec', 'etcd', 'external'],
    external,
    'copy these files to the same paths on this machine, or change the paths',
  );
}
