import { isProblem } from '../../inventory/address.ts';
import type { Path } from '../../inventory/position.ts';
import { mostHosts } from '../name-ranges.ts';
import type { ForeignDocument } from '../problem.ts';
import { recordOf } from '../../model/record.ts';
import type { InventoryBuilder } from './builder.ts';
import { hostPattern } from './host-pattern.ts';

/** Adds an inventory in YAML form: groups with hosts, vars and children. Throws KbootError E-USAGE. */
export function readTree(document: ForeignDocument, into: InventoryBuilder): void {
  const { data } = document;
  const groups = recordOf(data);
  if (groups === undefined) throw document.fault([], 'must be a mapping of groups, such as all:');
  for (const name of Object.keys(groups)) readGroup(document, [name], name, groups[name], into);
}

function readGroup(
  document: ForeignDocument,
  path: Path,
  name: string,
  data: unknown,
  into: InventoryBuilder,
): void {
  const group = into.group(name, document.at(path));
  if (data === null || data === undefined) return;
  const parts = recordOf(data);
  if (parts === undefined)
    throw document.fault(path, 'must be a group, a mapping with hosts, vars or children');
  for (const [key, value] of Object.entries(parts)) {
    const at = [...path, key];
    if (key !== 'hosts' && key !== 'vars' && key !== 'children')
      throw document.fault(at, 'must be hosts, vars or children of a group');
    // Ansible takes a single word for a mapping with that key.
    const entries = typeof value === 'string' ? { [value]: null } : (recordOf(value) ?? undefined);
    if (value === null || value === undefined) continue;
    if (entries === undefined) throw document.fault(at, 'must be a mapping');
    for (const [entry, content] of Object.entries(entries)) {
      const where = typeof value === 'string' ? at : [...at, entry];
      if (key === 'vars') into.set(group, entry, content, document.at(where));
      else if (key === 'children') {
        group.children.add(entry);
        readGroup(document, where, entry, content, into);
      } else readHosts(document, where, entry, content, name, into);
    }
  }
}

function readHosts(
  document: ForeignDocument,
  path: Path,
  entry: string,
  content: unknown,
  group: string,
  into: InventoryBuilder,
): void {
  const vars = content === null || content === undefined ? {} : recordOf(content);
  if (vars === undefined) throw document.fault(path, 'must be a mapping of variables');
  const pattern = hostPattern(entry);
  if (isProblem(pattern)) throw document.fault(path, pattern.problem);
  for (const name of pattern.names) {
    const host = into.host(name, group, document.at(path), pattern.port);
    for (const [variable, value] of Object.entries(vars))
      into.set(host, variable, value, document.at([...path, variable]));
  }
  if (into.hosts.size > mostHosts * 5)
    throw document.fault(path, `is one of more than ${mostHosts * 5} hosts`);
}

/**
 * Adds the output of `ansible-inventory --list`: groups with lists of hosts and children, and variables of hosts in
 * `_meta.hostvars`, where those of their groups are already merged. Throws KbootError E-USAGE.
 */
export function readList(document: ForeignDocument, into: InventoryBuilder): void {
  const data = recordOf(document.data) ?? {};
  const names = (path: Path, value: unknown): readonly string[] => {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw document.fault(path, 'must be a list of names');
    return value.map((item: unknown, index) => {
      if (typeof item !== 'string') throw document.fault([...path, index], 'must be a name');
      return item;
    });
  };
  for (const [name, content] of Object.entries(data)) {
    if (name === '_meta') continue;
    const group = into.group(name, document.at([name]));
    // A script may give a list of hosts for a group.
    const parts = Array.isArray(content) ? { hosts: content as unknown } : recordOf(content);
    if (parts === undefined) throw document.fault([name], 'must be a group, with hosts and children');
    const base = Array.isArray(content) ? [name] : [name, 'hosts'];
    for (const [index, host] of names(base, parts['hosts']).entries())
      into.host(host, name, document.at([...base, index]));
    for (const child of names([name, 'children'], parts['children'])) {
      group.children.add(child);
      into.group(child);
    }
    for (const [variable, value] of Object.entries(recordOf(parts['vars']) ?? {}))
      into.set(group, variable, value, document.at([name, 'vars', variable]));
  }
  const hostvars = recordOf(recordOf(data['_meta'])?.['hostvars']) ?? {};
  for (const [name, vars] of Object.entries(hostvars)) {
    const path = ['_meta', 'hostvars', name];
    const host = into.hosts.get(name) ?? into.host(name, 'ungrouped', document.at(path));
    const own = recordOf(vars);
    if (own === undefined) throw document.fault(path, 'must be a mapping of variables');
    for (const [variable, value] of Object.entries(own))
      into.set(host, variable, value, document.at([...path, variable]));
  }
}
