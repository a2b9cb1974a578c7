import { nodeName } from '../inventory/fields.ts';
import type { Role } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import { isAddress, isName } from './addresses.ts';
import type { ForeignHost } from './types.ts';

interface Unnamed extends ForeignHost {
  readonly roles: readonly Role[];
}

/** Hosts with names that nodes can have. */
export interface SettledNames<H> {
  readonly hosts: readonly (H & { readonly name: string })[];
  readonly guesses: readonly string[];
}

/**
 * Every host with the name of a node: its own, in lowercase and with `-` for what nodes cannot have; else the name of its
 * SSH address; else `cp-1`, `w-1` and so on. A name that several hosts would have gets a number.
 */
export function settleNames<H extends Unnamed>(hosts: readonly H[]): SettledNames<H> {
  const stated = hosts.map(({ name, ssh }) => {
    if (name !== undefined && !isAddress(name)) return name;
    return ssh.address !== undefined && isName(ssh.address) ? ssh.address.split('.')[0] : undefined;
  });
  const taken = new Set<string>();
  const unique = (name: string): string => {
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
    taken.add(free);
    return free;
  };
  const changed: string[] = [];
  const counts = new Map<string, number>();
  const own = stated.map((name) => {
    const fit = name === undefined ? undefined : fitting(name);
    if (fit === undefined) return undefined;
    const free = unique(fit);
    if (free !== name) changed.push(`${name ?? ''} is ${free}`);
    return free;
  });
  const numbered = own.filter((name) => name === undefined).length;
  const named = hosts.map((host, index) => ({ ...host, name: own[index] ?? numberedName(host) }));
  return {
    hosts: named,
    guesses: [
      ...(changed.length === 0 ? [] : [`names of nodes differ: ${few(changed, 5)}`]),
      ...(numbered === 0
        ? []
        : [`${numbered === 1 ? 'a host has' : `${numbered} hosts have`} no name, and got one by role`]),
    ],
  };

  function numberedName({ roles }: Unnamed): string {
    const [role = 'worker'] = roles;
    const prefix = { 'control-plane': 'cp', worker: 'w', etcd: 'etcd', 'load-balancer': 'lb' }[role];
    for (;;) {
      const number = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, number);
      if (!taken.has(`${prefix}-${number}`)) return unique(`${prefix}-${number}`);
    }
  }
}

/** The nearest name that a node can have; undefined: there is nothing left of it. */
function fitting(name: string): string | undefined {
  const near = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .split('.')
    .map((label) => label.replaceAll(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.')
    .slice(0, 63)
    .replace(/[-.]+$/, '');
  return nodeName(near) === undefined ? near : undefined;
}
