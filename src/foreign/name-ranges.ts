import type { Problem } from '../inventory/address.ts';

/** Hosts that one pattern may stand for. */
export const mostHosts = 2000;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** The first pair of brackets: `[01:10]`, `[1:9:2]`, `[a:d]`. */
const range = /^([^[\]]*)\[([^[\]]*)\](.*)$/s;

/**
 * The names that a pattern of Ansible stands for: `node[01:03].example.com`, `rack[1:2]-[a:c]`; a step may follow,
 * `[1:9:2]`. A pattern without brackets is itself.
 */
export function expandNames(pattern: string): readonly string[] | Problem {
  const found = range.exec(pattern);
  if (found === null)
    return /[[\]]/.test(pattern) ? { problem: `has a [ or ] without the other: "${pattern}"` } : [pattern];
  const [, head = '', inside = '', tail = ''] = found;
  const items = itemsOf(inside);
  if ('problem' in items) return items;
  const names: string[] = [];
  for (const item of items) {
    const rest = expandNames(tail);
    if ('problem' in rest) return rest;
    names.push(...rest.map((end) => `${head}${item}${end}`));
    if (names.length > mostHosts) return { problem: `stands for more than ${mostHosts} hosts: "${pattern}"` };
  }
  return names;
}

function itemsOf(inside: string): readonly string[] | Problem {
  const [first = '', last = '', step = '1', ...more] = inside.split(':');
  const shown = `"[${inside}]"`;
  const begin = first === '' ? '0' : first;
  const by = Number(step);
  if (more.length > 0 || last === '' || !/^\d{1,6}$/.test(step) || by < 1)
    return { problem: `has ${shown}, which is not a range such as [01:10] or [a:d]` };
  const alphabetic = begin.length === 1 && last.length === 1;
  const [from, to] = [letters.indexOf(begin), letters.indexOf(last)];
  if (alphabetic && from >= 0 && to >= 0)
    return from > to ? descending(shown) : steps(from, to, by, (at) => letters.charAt(at));
  if (!/^\d{1,9}$/.test(begin) || !/^\d{1,9}$/.test(last))
    return { problem: `has ${shown}, which is not a range such as [01:10] or [a:d]` };
  const padded = begin.length > 1 && begin.startsWith('0');
  if (padded && begin.length !== last.length)
    return { problem: `has ${shown}, whose ends must have the same number of digits` };
  const width = padded ? begin.length : 0;
  if (Number(begin) > Number(last)) return descending(shown);
  return steps(Number(begin), Number(last), by, (at) => String(at).padStart(width, '0'));
}

function descending(shown: string): Problem {
  return { problem: `has ${shown}, whose end comes before its beginning` };
}

function steps(from: number, to: number, by: number, text: (at: number) => string): string[] | Problem {
  const count = Math.floor((to - from) / by) + 1;
  if (count > mostHosts) return { problem: `has a range of more than ${mostHosts} hosts` };
  return Array.from({ length: count }, (_, index) => text(from + index * by));
}
