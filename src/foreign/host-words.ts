import {
  isProblem,
  parseAddress,
  parseCidr,
  textOf,
  type Address,
  type Problem,
  type Range,
} from '../inventory/address.ts';
import { KbootError } from '../model/error.ts';
import { isName, plainTarget } from './addresses.ts';
import { expandNames, mostHosts } from './name-ranges.ts';
import type { Foreign, ForeignHost } from './types.ts';
import { remedies } from './remedies.ts';

const flag = '--from-hosts';

/**
 * Hosts from words: `10.0.0.11-15`, `10.0.0.11-10.0.0.15`, `10.0.0.8/29`, `fd00::11-fd00::15`, `node[1:3].example.com`,
 * each with `USER@` before it and `:PORT` behind it (IPv6 then in brackets); `NAME=` before a single one names it. Commas
 * or blanks are between them. Throws KbootError E-USAGE for the first word in another form.
 */
export function readHostWords(words: readonly string[]): Foreign {
  const hosts = words.flatMap((text) => splitWords(text).flatMap(hostsOfWord));
  if (hosts.length === 0) throw refused('', 'names no host');
  if (hosts.length > mostHosts) throw refused('', `stands for more than ${mostHosts} hosts`);
  const names = hosts.flatMap(({ name }) => (name === undefined ? [] : [name.toLowerCase()]));
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw refused(`${twice}=`, 'names two hosts');
  return { what: flag, hosts, fields: [], keys: [], guesses: [] };
}

/** Words between commas and blanks that are not in brackets. */
function splitWords(text: string): readonly string[] {
  return text.split(/[\s,]+(?![^[]*\])/).filter((word) => word !== '');
}

function hostsOfWord(word: string): readonly ForeignHost[] {
  const at = { file: flag, line: 1, column: 1 };
  const [, name, user, rest = ''] = /^(?:([^=@]*)=)?(?:(.*)@)?([^@]*)$/s.exec(word) ?? [];
  if (name === '' || user === '' || rest === '') throw refused(word, 'is not [NAME=][USER@]ADDRESS[:PORT]');
  if (user?.includes(':') === true)
    throw refused('', 'has a password; kboot prompts for it, or reads KBOOT_SSH_PASSWORD');
  const { target, port } = portOf(word, rest);
  const targets = expand(/[A-Za-z]\.$/.test(target) ? plainTarget(target) : target);
  if ('problem' in targets) throw refused(word, targets.problem);
  if (name !== undefined && targets.length > 1)
    throw refused(word, `has a name for ${targets.length} hosts; NAME= is for a single one`);
  return targets.map((each) => ({
    at,
    ...(name !== undefined && { name }),
    hints: [name ?? each],
    ssh: { address: each, ...(user !== undefined && { user }), ...(port !== undefined && { port }) },
    isLocal: false,
    fields: [],
  }));
}

/** `[V6]:PORT` and `HOST:PORT`; what has more than one colon outside of brackets is an IPv6 address without a port. */
function portOf(word: string, rest: string): { readonly target: string; readonly port?: number } {
  const bracketed = /^\[([\da-fA-F:.\-/]+)\](?::(\d+))?$/.exec(rest);
  const plain = /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/.exec(rest);
  const [, target = rest, digits] = bracketed ?? plain ?? [];
  if (digits === undefined) return { target };
  const port = Number(digits);
  if (port < 1 || port > 65535) throw refused(word, `must have a port from 1 to 65535, not ":${digits}"`);
  return { target, port };
}

function expand(target: string): readonly string[] | Problem {
  if (target.includes('/')) return ofNetwork(target);
  const [from = '', to, ...more] = target.split('-');
  const first = parseAddress(from);
  if (!isProblem(first) && to !== undefined && more.length === 0) return ofRange(first, to, target);
  const address = parseAddress(target);
  if (!isProblem(address)) return [address.text];
  if (/^[\d.:-]+$/.test(target) || /[:%]/.test(target.replaceAll(/\[[^\]]*\]/g, ''))) return address;
  const names = expandNames(target);
  if ('problem' in names) return names;
  const wrong = names.find((name) => !isName(name));
  return wrong === undefined
    ? names
    : { problem: `must be addresses, a range, a network or DNS names, not "${wrong}"` };
}

/** `10.0.0.11-15`: what follows the hyphen is an address, or the last part of one. */
function ofRange(first: Address, end: string, target: string): readonly string[] | Problem {
  const { text } = first;
  // The last part of an IPv6 address is hexadecimal.
  const part = first.family === 4 ? /\d+$/ : /[\da-f]*$/i;
  const whole = /[.:]/.test(end) ? end : text.replace(part, end);
  const last = parseAddress(whole);
  if (isProblem(last)) return last;
  if (last.family !== first.family) return { problem: `must have both ends in the same family: "${target}"` };
  if (last.value < first.value)
    return { problem: `must be in ascending order: ${last.text} is before ${first.text}` };
  return addresses({ family: first.family, first: first.value, last: last.value, text: target });
}

/** Without the address of an IPv4 network and its broadcast address; without the first one of an IPv6 network. */
function ofNetwork(target: string): readonly string[] | Problem {
  const network = parseCidr(target);
  if (isProblem(network)) return network;
  const bits = (network.family === 4 ? 32 : 128) - network.prefix;
  const reserved = bits < 2 ? 0n : 1n;
  return addresses({
    ...network,
    first: network.first + reserved,
    last: network.last - (network.family === 4 ? reserved : 0n),
  });
}

function addresses({ family, first, last, text }: Range): readonly string[] | Problem {
  const count = last - first + 1n;
  if (count > BigInt(mostHosts)) return { problem: `stands for more than ${mostHosts} hosts: "${text}"` };
  return Array.from({ length: Number(count) }, (_, index) => textOf(family, first + BigInt(index)));
}

function refused(word: string, problem: string): KbootError {
  return new KbootError(
    'E-USAGE',
    `${flag}${word === '' ? '' : ` ${word}`}: ${problem}; nothing was written.`,
    {
      remedy: remedies.hostWords,
    },
  );
}
