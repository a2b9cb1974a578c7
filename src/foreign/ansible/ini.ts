import { isProblem } from '../../inventory/address.ts';
import { mostHosts } from '../name-ranges.ts';
import { unreadable } from '../problem.ts';
import type { Place } from '../types.ts';
import type { InventoryBuilder } from './builder.ts';
import { hostPattern } from './host-pattern.ts';
import { pythonValue } from './literal.ts';
import { shellWords } from './shell-words.ts';

const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const groupName = /^([^:\]\s]+)\s*(?:#.*)?$/;

/** Adds an inventory in INI form. Throws KbootError E-USAGE for the first line that is not one. */
export function readIni(text: string, file: string, into: InventoryBuilder): void {
  let group = 'ungrouped';
  let kind = 'hosts';
  // Groups that only [group:vars] or [group:children] name must be declared somewhere.
  const pending = new Map<string, { readonly at: Place; readonly problem: string }>();
  const declared = new Set(['all', 'ungrouped']);
  let hosts = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const indent = raw.length - raw.trimStart().length;
    const place = (column: number): Place => ({ file, line: index + 1, column: indent + column });
    const fault = (problem: string, column = 1): Error => unreadable(place(column), problem);
    const heading = section.exec(line);
    if (heading !== null) {
      const [, name = '', tag = 'hosts'] = heading;
      if (!['hosts', 'children', 'vars'].includes(tag))
        throw fault(`section [${name}:${tag}] must be [${name}], [${name}:vars] or [${name}:children]`);
      [group, kind] = [name, tag];
      into.group(name, place(1));
      if (tag === 'vars') {
        if (!declared.has(name) && !pending.has(name))
          pending.set(name, {
            at: place(1),
            problem: `[${name}:vars] is of a group that is not in the file`,
          });
      } else {
        declared.add(name);
      }
      continue;
    }
    if (line.startsWith('[') && line.endsWith(']') && kind !== 'hosts')
      throw fault('this is not the name of a section, such as [kube_node] or [kube_node:vars]');
    if (kind === 'children') {
      const [, child = ''] = groupName.exec(line) ?? [];
      if (child === '') throw fault(`must be the name of a group, since it is in [${group}:children]`);
      into.group(group).children.add(child);
      into.group(child, place(1));
      if (!declared.has(child) && !pending.has(child))
        pending.set(child, { at: place(1), problem: `group ${child} is not in the file` });
    } else if (kind === 'vars') {
      const equals = line.indexOf('=');
      if (equals < 1) throw fault(`must be NAME=VALUE, since it is in [${group}:vars]`);
      const name = line.slice(0, equals).trim();
      into.set(into.group(group), name, pythonValue(line.slice(equals + 1).trim()), place(1));
    } else hosts += hostLine(line, group, place, fault, into);
    if (hosts > mostHosts * 5) throw fault(`the inventory has more than ${mostHosts * 5} hosts`);
  }
  for (const [name, { at, problem }] of pending) if (!declared.has(name)) throw unreadable(at, problem);
}

/** `alpha`, `beta:2345 user=admin`, `node[01:10] ansible_user=ops # comment`. Returns the number of hosts. */
function hostLine(
  line: string,
  group: string,
  place: (column: number) => Place,
  fault: (problem: string, column?: number) => Error,
  into: InventoryBuilder,
): number {
  const words = shellWords(line, true);
  if ('problem' in words) throw fault(`this line ${words.problem}`);
  const [first, ...rest] = words;
  if (first === undefined) return 0;
  if (first.text === '---')
    throw fault('this is YAML in a file that does not look like it; give it a name that ends in .yaml');
  const pattern = hostPattern(first.text);
  if (isProblem(pattern)) throw fault(`the host ${pattern.problem}`, first.column);
  for (const name of pattern.names) {
    const host = into.host(name, group, place(first.column), pattern.port);
    for (const { text, column } of rest) {
      const equals = text.indexOf('=');
      if (equals < 1) throw fault('must be NAME=VALUE after the name of a host', column);
      into.set(host, text.slice(0, equals), pythonValue(text.slice(equals + 1)), place(column));
    }
  }
  return pattern.names.length;
}
