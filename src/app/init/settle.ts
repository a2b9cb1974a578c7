import {
  isProblem,
  overlap,
  parseAddress,
  parsePair,
  parseRange,
  rangeOf,
  type Family,
  type Range,
} from '../../inventory/address.ts';
import { given } from '../../inventory/build-value.ts';
import { KbootError } from '../../model/error.ts';
import type { HeldAddress } from '../../observe/networks.ts';
import type { NewHost, NewInventory } from '../../view/new-inventory.ts';
import { isNodeAddress, type Answers, type StatedHost } from './answers.ts';
import type { Look, SeenHost } from './look.ts';
import { clusterNetworks, commonNetwork, nodeAddress } from './propose.ts';
import { sshOf } from './ssh.ts';

/** A host with its node addresses, and what holds them where that was seen. */
export interface SettledHost extends NewHost {
  readonly held?: HeldAddress;
  readonly secondHeld?: HeldAddress;
}

/**
 * Every host with the address that its node gets. Throws KbootError E-USAGE naming those without one: seen hosts
 * whose interfaces hold none that others can reach, unseen ones that were stated by a name.
 */
export function settleHosts(hosts: readonly StatedHost[], look: Look | undefined): readonly SettledHost[] {
  const without: string[] = [];
  const settled = hosts.map((host): SettledHost => {
    const { name, role, stated } = host;
    const seen = look?.seen.get(name);
    if (seen === undefined || stated.includes(',')) {
      if (!isNodeAddress(stated)) without.push(`${name}: ${stated} is no address that a node can have`);
      return { name, role, address: stated, ...(seen && dualStack(stated, seen)) };
    }
    const others = hosts
      .filter((other) => other !== host)
      .map((other) => look?.seen.get(other.name)?.held ?? []);
    const held = nodeAddress(canonical(stated), seen.held, others);
    if (held === undefined) {
      const there = seen.held.map(({ address, interface: on }) => `${address} (${on})`).join(', ');
      without.push(
        `${name}: no interface holds an address of its own that others can reach; there are ${there}`,
      );
      return { name, role, address: stated };
    }
    return {
      ...{ name, role, address: held.address, held, seen: seenText(seen, held) },
      ...(held.address !== canonical(stated) && { sshAddress: stated }),
    };
  });
  if (without.length === 0) return settled;
  throw new KbootError('E-USAGE', 'Not every host has an address for its node; nothing was written.', {
    detail: without.join('\n'),
    remedy: 'Name each host by an address that the other hosts reach, such as that of its private network.',
  });
}

/**
 * What is known of a host with two addresses. They are taken as they were stated; preflight objects to those that it
 * does not hold.
 */
function dualStack(
  stated: string,
  seen: SeenHost,
): Pick<SettledHost, 'held' | 'secondHeld' | 'seen'> | undefined {
  const [held, secondHeld] = stated
    .split(',')
    .map((each) => seen.held.find(({ address }) => address === canonical(each.trim())));
  return held && { held, ...given('secondHeld', secondHeld), seen: seenText(seen, held) };
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return isProblem(address) ? text : address.text;
}

function seenText({ inspection }: SeenHost, held: HeldAddress): string {
  const { facts, cpus, memoryMiB } = inspection;
  return `${held.interface}, ${facts.os.id} ${facts.os.versionId}, ${cpus} CPUs, ${memoryMiB} MiB`;
}

/** The network of the control planes; undefined where they were not all seen in one. */
export function planeNetwork(hosts: readonly SettledHost[]): Range | undefined {
  const planes = hosts.filter(({ role }) => role === 'control-plane');
  const held = planes.flatMap((host) => host.held ?? []);
  return held.length === planes.length ? commonNetwork(held) : undefined;
}

/** The inventory that answers come to. `virtualIP` and `pools` are addresses by now. */
export function inventoryOf(answers: Answers, hosts: readonly SettledHost[]): NewInventory {
  const { name = '', virtualIP, endpoint, pools, kubernetesVersion } = answers;
  return {
    ...{ name, kubernetesVersion, pools, hosts },
    ...sshOf(answers),
    ...given('virtualIP', virtualIP),
    ...given('endpoint', endpoint),
    ...clusterNetworks(takenBy(answers, hosts), familiesOf(hosts)),
  };
}

/** Those of the networks: a host with two addresses speaks for all, else the first one does. */
function familiesOf(hosts: readonly SettledHost[]): readonly Family[] {
  const all = hosts.map(({ address }) => {
    const pair = parsePair(address, parseAddress);
    return isProblem(pair) ? [] : pair.items.map(({ family }) => family);
  });
  return all.find(({ length }) => length > 1) ?? all.find(({ length }) => length > 0) ?? [4];
}

/** Addresses and networks that the site uses. */
export function takenBy(
  { virtualIP, pools }: Pick<Answers, 'virtualIP' | 'pools'>,
  hosts: readonly SettledHost[],
): Range[] {
  const addresses = [...hosts.map(({ address }) => address), ...(virtualIP === undefined ? [] : [virtualIP])];
  return [
    ...addresses.flatMap((text) => {
      const pair = parsePair(text, parseAddress);
      return isProblem(pair) ? [] : pair.items.map(rangeOf);
    }),
    ...pools.flatMap((text) => {
      const range = parseRange(text);
      return isProblem(range) ? [] : [range];
    }),
    ...hosts.flatMap(({ held, secondHeld }) => [held, secondHeld].flatMap((each) => each?.network ?? [])),
  ];
}

/** Whether an address lies in a network. */
export function liesIn(text: string, network: Range): boolean {
  const address = parseAddress(text);
  return !isProblem(address) && overlap(rangeOf(address), network);
}
