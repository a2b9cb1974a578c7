import type { ScalarTag } from 'yaml';
import { readDocuments } from '../../inventory/document.ts';
import { readJson } from '../../inventory/json-document.ts';
import { ForeignDocument, unreadable } from '../problem.ts';
import type { Place } from '../types.ts';
import { recordOf } from '../../model/record.ts';
import { InventoryBuilder, type Host, type Variable } from './builder.ts';
import { GroupTree, loopIn } from './group-tree.ts';
import { readIni } from './ini.ts';
import { readList, readTree } from './tree.ts';
import { remedies } from '../remedies.ts';

/** A text, and where it is from. */
export interface ForeignText {
  readonly file: string;
  readonly text: string;
}

/** A file of group_vars or host_vars. */
export interface VariableFile extends ForeignText {
  readonly kind: 'group' | 'host';
  /** The group or host that it is for. */
  readonly of: string;
}

/** An inventory with the variables that each host ends up with. */
export interface AnsibleInventory {
  readonly hosts: readonly AnsibleHost[];
  /** The groups that it defines. */
  readonly groups: readonly { readonly name: string; readonly at: Place }[];
  /** Every place where a variable is defined, in order. */
  readonly seen: InventoryBuilder['seen'];
  /** Files that Ansible Vault encrypts. */
  readonly vaults: readonly string[];
}

export interface AnsibleHost {
  readonly name: string;
  readonly at: Host['at'];
  /** Every group that it is in, ancestors first. */
  readonly groups: readonly string[];
  /** Groups that list it themselves. */
  readonly directly: readonly string[];
  readonly vars: ReadonlyMap<string, Variable>;
}

/** Booleans of YAML 1.1, which Ansible reads; values that Ansible Vault encrypts, and texts that are no template, stay texts. */
const tags: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:yes|no|on|off)$/i,
    resolve: (text: string) => /^(?:yes|on)$/i.test(text),
  },
  ...['!vault', '!unsafe'].map((tag) => ({ tag, resolve: (text: string) => text })),
];

/** What every encrypted text begins with. */
export const vaultHeader = '$ANSIBLE_VAULT;';

/**
 * Reads an inventory in INI, YAML or JSON form, or the output of `ansible-inventory --list`, and files of variables beside
 * it, in the order of Ansible's precedence. Throws KbootError E-USAGE for the first problem, with its place.
 */
export function readAnsibleInventory(main: ForeignText, files: readonly VariableFile[]): AnsibleInventory {
  const builder = builderOf(main);
  const vaults: string[] = [];
  const fromFiles = { group: new Map<string, Layer[]>(), host: new Map<string, Layer[]>() };
  for (const file of files) {
    if (file.text.startsWith(vaultHeader)) {
      vaults.push(file.file);
      continue;
    }
    const layer = layerOf(file, builder);
    const layers = fromFiles[file.kind];
    layers.set(file.of, [...(layers.get(file.of) ?? []), layer]);
  }
  const tree = new GroupTree(builder);
  const hosts = [...builder.hosts.values()].map((host): AnsibleHost => {
    const groups = tree.of(host.name);
    const [all, ...others] = groups;
    const beside = (name: string): readonly Layer[] => fromFiles.group.get(name) ?? [];
    // VARIABLE_PRECEDENCE: all, other groups, group_vars of all, group_vars of other groups; then the host.
    const layers = [
      ...(all === undefined ? [] : [all.vars]),
      ...others.map(({ vars }) => vars),
      ...beside('all'),
      ...others.flatMap(({ name }) => beside(name)),
      host.vars,
      ...(fromFiles.host.get(host.name) ?? []),
    ];
    return {
      ...{ name: host.name, at: host.at, groups: groups.map(({ name }) => name) },
      directly: tree.directly(host.name),
      vars: new Map(layers.flatMap((layer) => [...layer])),
    };
  });
  const named = [...builder.groups.values()].flatMap(({ name, at }) =>
    at === undefined ? [] : [{ name, at }],
  );
  return { hosts, groups: named, seen: builder.seen, vaults };
}

/** Names of groups and hosts of an inventory, for which there may be files of variables. Throws as readAnsibleInventory. */
export function namesIn(main: ForeignText): {
  readonly groups: readonly string[];
  readonly hosts: readonly string[];
} {
  const { groups, hosts } = builderOf(main);
  return { groups: [...groups.keys()], hosts: [...hosts.keys()] };
}

function builderOf(main: ForeignText): InventoryBuilder {
  const builder = new InventoryBuilder();
  readMain(main, builder);
  const start = { file: main.file, line: 1, column: 1 };
  const loop = loopIn(builder);
  if (loop !== undefined) throw unreadable(start, loop);
  if (builder.hosts.size === 0) throw unreadable(start, 'this inventory has no host');
  return builder;
}

type Layer = ReadonlyMap<string, Variable>;

function readMain({ file, text }: ForeignText, builder: InventoryBuilder): void {
  const start = { file, line: 1, column: 1 };
  if (text.startsWith(vaultHeader))
    throw unreadable(start, 'this file is encrypted with Ansible Vault', remedies.decryptVault);
  if (text.startsWith('#!'))
    throw unreadable(start, 'this is a program that prints an inventory', remedies.throughAnsible);
  const first = text.trimStart();
  if (first.startsWith('{')) {
    const document = new ForeignDocument(file, readJson(text, 'the inventory'));
    const data = recordOf(document.data) ?? {};
    if (isList(data)) readList(document, builder);
    else readTree(document, builder);
    return;
  }
  if (!isYaml(file, text)) {
    readIni(text, file, builder);
    return;
  }
  const document = yamlDocument({ file, text });
  if (document === undefined) throw unreadable(start, 'the inventory is empty');
  const data = recordOf(document.data) ?? {};
  if (typeof data['plugin'] === 'string')
    throw unreadable(
      document.at(['plugin']),
      `this is the configuration of the inventory plugin ${data['plugin']}, which finds hosts elsewhere`,
      remedies.throughAnsible,
    );
  if (Array.isArray(document.data))
    throw document.fault([], 'is a list, such as a playbook; an inventory is a mapping of groups');
  if (isList(data)) readList(document, builder);
  else readTree(document, builder);
}

/** `_meta`, or groups whose hosts and children are lists: the output of a script or of --list. */
function isList(data: Readonly<Record<string, unknown>>): boolean {
  return (
    '_meta' in data ||
    Object.values(data).some((group) => {
      const parts = recordOf(group);
      return Array.isArray(group) || Array.isArray(parts?.['hosts']) || Array.isArray(parts?.['children']);
    })
  );
}

/** Files without such an ending are INI, unless their first line is a key of YAML. */
function isYaml(file: string, text: string): boolean {
  if (/\.(ya?ml|json)$/.test(file)) return true;
  if (/\.(ini|cfg)$/.test(file)) return false;
  const line = text.split('\n').find((each) => !/^\s*([#;].*)?$/.test(each)) ?? '';
  return /^(---|[\w.-]+:)\s*(#.*)?$/.test(line.trimEnd());
}

function yamlDocument({ file, text }: ForeignText): ForeignDocument | undefined {
  const [first, second] = readDocuments(text, 'the file', tags);
  if (first === undefined) return undefined;
  const document = new ForeignDocument(file, first);
  if (second !== undefined)
    throw unreadable(
      new ForeignDocument(file, second).at([]),
      'a second YAML document begins here; one is allowed',
    );
  return document;
}

function layerOf(file: VariableFile, builder: InventoryBuilder): Layer {
  const document = file.text.trimStart().startsWith('{')
    ? new ForeignDocument(file.file, readJson(file.text, 'the file'))
    : yamlDocument(file);
  if (document === undefined) return new Map();
  const vars = recordOf(document.data);
  if (vars === undefined) throw document.fault([], 'must be a mapping of variables');
  return new Map(
    Object.entries(vars).map(([name, value]) => {
      const at = document.at([name]);
      builder.seen.push({ name, at });
      return [name, { value, at }];
    }),
  );
}
