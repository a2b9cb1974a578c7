import { isProblem, parseAddress, type Range } from '../../inventory/address.ts';
import { KbootError } from '../../model/error.ts';
import { firstAddress } from './answers.ts';
import type { Look } from './look.ts';
import { addressesOf, candidates } from './propose.ts';
import { liesIn, planeNetwork, takenBy, type SettledHost } from './settle.ts';
import { remedies } from '../remedies.ts';

/** Addresses of a proposed pool. */
const poolSize = 10;

/** Whether an address is free: no machine answers a control plane for it, and no host of the cluster holds it. */
async function isFree(look: Look, address: string): Promise<boolean> {
  const ours = [...look.seen.values()].some(({ held }) => held.some((each) => each.address === address));
  return !ours && (await look.holders(address)).length === 0;
}

/** A free address in the control planes' network. Throws KbootError E-USAGE if none is found. */
export async function proposeVirtualIP(look: Look, hosts: readonly SettledHost[]): Promise<string> {
  for (const { text } of around(hosts, 1, undefined)) if (await isFree(look, text)) return text;
  throw none(
    'a virtual IP',
    hosts,
    '--virtual-ip ADDRESS, or --endpoint HOST:PORT of your own load balancer',
  );
}

/** A range of ten free addresses in the control planes' network. Throws as above. */
export async function proposePool(
  look: Look,
  hosts: readonly SettledHost[],
  virtualIP: string | undefined,
): Promise<string> {
  for (const range of around(hosts, poolSize, virtualIP)) {
    const free = await Promise.all(addressesOf(range).map((address) => isFree(look, address)));
    if (free.every(Boolean)) return range.text;
  }
  throw none('a pool', hosts, '--pool RANGE');
}

function around(
  hosts: readonly SettledHost[],
  size: number,
  virtualIP: string | undefined,
): readonly Range[] {
  const network = planeNetwork(hosts);
  const [first] = hosts.filter(({ role }) => role === 'control-plane');
  if (network === undefined || first === undefined) return [];
  // Without the hosts' networks: the address is sought in them.
  const stated = hosts.map(({ name, role, address }) => ({ name, role, address }));
  const taken = takenBy({ virtualIP, pools: [] }, stated);
  return candidates(network, firstAddress(first.address), size, taken);
}

function none(what: string, hosts: readonly SettledHost[], flag: string): KbootError {
  const why =
    planeNetwork(hosts) === undefined
      ? 'the control planes are not in one network'
      : 'every address that was tried is in use';
  return new KbootError('E-USAGE', `Could not propose ${what}: ${why}; nothing was written.`, {
    remedy: remedies.chooseYourself({ flag }),
  });
}

/**
 * The problem with a given virtual IP, as a sentence; undefined: the look found none. One of our own hosts may already
 * hold it.
 */
export async function virtualIPProblem(
  look: Look,
  hosts: readonly SettledHost[],
  virtualIP: string,
): Promise<string | undefined> {
  const address = parseAddress(virtualIP);
  if (isProblem(address)) return undefined;
  const network = planeNetwork(hosts);
  if (network?.family === address.family && !liesIn(address.text, network))
    return `${address.text} is not in the network of the control planes, that of ${network.text}.`;
  if ([...look.seen.values()].some(({ held }) => held.some((each) => each.address === address.text)))
    return undefined;
  const [holder] = await look.holders(address.text);
  return holder === undefined
    ? undefined
    : `${address.text} is already in use by a machine with the MAC address ${holder}.`;
}
