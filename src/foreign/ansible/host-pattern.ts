import { isProblem, parseAddress, type Problem } from '../../inventory/address.ts';
import { expandNames } from '../name-ranges.ts';

/** The hosts of an entry of an inventory, and their SSH port. */
export interface HostPattern {
  readonly names: readonly string[];
  readonly port?: number;
}

/** `[V6]:PORT`, `NAME:PORT` or a name; ranges such as `[01:10]` are expanded. */
export function hostPattern(text: string): HostPattern | Problem {
  const bracketed = /^\[(.+)\]:(\d{1,9})$/.exec(text);
  const plain = /^((?:[^:[\]]|\[[^\]]*\])*):(\d{1,9})$/.exec(text);
  const [, target = text, digits] = bracketed ?? plain ?? [];
  if (digits === undefined && text.endsWith(':')) return { problem: `must not end in ":": "${text}"` };
  const names = isProblem(parseAddress(target)) ? expandNames(target) : [target];
  if ('problem' in names) return names;
  return { names, ...(digits !== undefined && { port: Number(digits) }) };
}
