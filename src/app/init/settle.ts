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
import { remedies } from '../remedies.ts';

/** A host with its node addresses, and the interfaces that hold them, if they were read. */
export interface SettledHost extends NewHost {
  readonly held?: HeldAddress;
  readonly secondHeld?: HeldAddress;
}

/**
 * Every host with its node address. Throws KbootError E-USAGE that names the hosts without one: hosts that were read
 * and have no address that others can reach, and hosts that were not read and were given by name.
 */
export function settleHosts(hosts: readonly StatedHost[], look: Look | undefined): readonly SettledHost[] {
  const without: string[] = [];
  const settled = hosts.map((host): SettledHost => {
    const { name, role, stated, nodeAddress: own = stated, isLocal } = host;
    const seen = look?.seen.get(name);
    const apart = own === stated || isLocal === true ? {} : { sshAddress: stated };
    if (seen === undefined || own.includes(',')) {
      if (!isNodeAddress(own)) without.push(`${name}: ${own} cannot be a node address`);
      return { name, role, address: own, ...apart, ...(seen && dualStack(own, seen)) };
    }
    const others = hosts
      .filter((other) => other !== host)
      .map((other) => look?.seen.get(other.name)?.held ?? []);
    const held = nodeAddress(canonical(own), seen.held, others);
    if (held === undefined) {
      const there = seen.held.map(({ address, interface: on }) => `${address} (${on})`).join(', ');
      without.push(`${name}: no interface has a unique address that other hosts can reach; found ${there}`);
      return { name, role, address: own, ...apart };
    }
    return {
      ...{ name, role, address: held.address, held, seen: seenText(seen, held) },
      ...(held.address !== canonical(stated) && isLocal !== true && { sshAddress: stated }),
    };
  });
  if (without.length === 0) return settled;
  throw new KbootError('E-USAGE', 'Not every host has a node address; nothing was written.', {
    detail: without.join('\n'),
    remedy: remedies.reachableAddress,
  });
}

/**
 * The facts about a host with two addresses. The addresses are used as given; preflight reports those that the host
 * does not have.
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

/** The network of the control planes; undefined if they are not all known to be in one. */
export function planeNetwork(hosts: readonly SettledHost[]): Range | undefined {
  const planes = hosts.filter(({ role }) => role === 'control-plane');
  const held = planes.flatMap((host) => host.held ?? []);
  return held.length === planes.length ? commonNetwork(held) : undefined;
}

/** The inventory for the answers. `virtualIP` and `pools` must be addresses, not `auto`. */
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

/** Families of the networks: those of a host with two addresses, else those of the first host. */
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

/** Whether an address is in a network. */
export function liesIn(text: string, network: Range): boolean {
  const address = parseAddress(text);
  return !isProblem(address) && overlap(rangeOf(address), network);
}
