import { isProblem, overlap, parseAddress, parseCidr, parseRange, rangeOf } from '../address.ts';
import { peerName } from '../build-metallb.ts';
import { defaults } from '../defaults.ts';
import type { InventoryDraft } from '../draft.ts';
import { describePath, error, warning, type Problem, type Path } from '../position.ts';
import type { Check } from './check.ts';

type Metallb = NonNullable<NonNullable<InventoryDraft['spec']>['metallb']>;

const metallbPath: Path = ['spec', 'metallb'];

/** Pools announced by BGP, among those whose advertise is known. */
function bgpPools(
  metallb: Metallb,
): { readonly name: string; readonly path: Path; readonly addresses: string[] }[] {
  return (metallb.pools ?? []).flatMap((pool, index) => {
    const announced = pool !== undefined && 'advertise' in pool ? pool.advertise : defaults.advertise;
    if (pool?.name === undefined || announced === undefined || announced === 'l2') return [];
    const addresses = (pool.addresses ?? []).filter((text) => text !== undefined);
    return [{ name: pool.name, path: [...metallbPath, 'pools', index], addresses }];
  });
}

/** A pool announced by BGP needs a peer, and a peer needs a pool announced by BGP. */
export const bgpHasBothEnds: Check = ({ draft }) => {
  const metallb = draft.spec?.metallb;
  if (metallb === undefined) return [];
  const [pool] = bgpPools(metallb);
  const peers = metallb.bgpPeers ?? [];
  if (
    pool !== undefined &&
    peers.length === 0 &&
    !('bgpPeers' in metallb && metallb.bgpPeers === undefined)
  ) {
    const path = [...pool.path, 'advertise'];
    const message = `${describePath(path)}: pool ${pool.name} is announced by BGP, but spec.metallb.bgpPeers is empty`;
    return [error(path, message)];
  }
  const known = (metallb.pools ?? []).every(
    (each) => each !== undefined && !('advertise' in each && each.advertise === undefined),
  );
  if (pool !== undefined || !known || (metallb.pools ?? []).length === 0) return [];
  const unused = (['bgpAdvertisements', 'bgpPeers'] as const).find((key) => (metallb[key] ?? []).length > 0);
  if (unused === undefined) return [];
  const path = [...metallbPath, unused];
  const message = `${describePath(path)}: no pool is announced by BGP; set advertise: bgp or advertise: both on a pool`;
  return [{ ...(unused === 'bgpPeers' ? warning(path, message) : error(path, message)), at: 'key' }];
};

/** The native speaker announces IPv4 only. */
export const bgpPoolsAreIPv4: Check = ({ draft }) =>
  bgpPools(draft.spec?.metallb ?? {}).flatMap(({ name, path, addresses }) => {
    const six = addresses.find((text) => {
      const range = parseRange(text);
      return !isProblem(range) && range.family === 6;
    });
    if (six === undefined) return [];
    const message =
      `${describePath(path)}.addresses: ${six} of pool ${name} is IPv6, and MetalLB's native speaker announces only IPv4 ` +
      'by BGP; put it into a separate pool with advertise: l2';
    return [error([...path, 'addresses'], message)];
  });

export const bgpPeersAreSound: Check = ({ draft, outline, lineOf }) => {
  const names = new Map<string, Path>();
  return (draft.spec?.metallb?.bgpPeers ?? []).flatMap((peer, index): Problem[] => {
    if (peer === undefined) return [];
    const path = [...metallbPath, 'bgpPeers', index];
    const findings: Problem[] = [];
    const address = peer.peerAddress === undefined ? undefined : parseAddress(peer.peerAddress);
    const router = address === undefined || isProblem(address) ? undefined : address;
    const stated = 'name' in peer;
    const name = stated ? peer.name : router && peerName(router.text);
    const first = name === undefined ? undefined : names.get(name);
    if (name !== undefined && first === undefined) names.set(name, path);
    if (first !== undefined) {
      const message = `${describePath(path)} has the same name as another peer, ${name ?? ''} (line ${lineOf(first)}); give it a unique name`;
      findings.push(error(stated ? [...path, 'name'] : path, message));
    }
    if (peer.ebgpMultiHop === true && peer.myASN !== undefined && peer.myASN === peer.peerASN) {
      const where = [...path, 'ebgpMultiHop'];
      const message = `${describePath(where)} has no effect within one AS (myASN and peerASN are ${peer.myASN})`;
      findings.push(error(where, message));
    }
    const source = peer.sourceAddress === undefined ? undefined : parseAddress(peer.sourceAddress);
    if (
      router !== undefined &&
      source !== undefined &&
      !isProblem(source) &&
      source.family !== router.family
    ) {
      const where = [...path, 'sourceAddress'];
      findings.push(
        error(
          where,
          `${describePath(where)} ${source.text} is not of the same family as peerAddress (${router.text})`,
        ),
      );
    }
    const pool = outline.pools.find(({ range }) => router !== undefined && overlap(rangeOf(router), range));
    if (router !== undefined && pool !== undefined) {
      const where = [...path, 'peerAddress'];
      const message = `${describePath(where)} ${router.text} is in ${pool.range.text} of pool ${pool.name} (line ${lineOf(pool.path)})`;
      findings.push(error(where, message));
    }
    return findings;
  });
};

/** Advertisements may only name existing pools and peers, and must cover every pool announced by BGP. */
export const bgpAdvertisementsFit: Check = ({ draft, lineOf }) => {
  const metallb = draft.spec?.metallb;
  if (metallb?.bgpAdvertisements === undefined) return [];
  const pools = bgpPools(metallb);
  const all = (metallb.pools ?? []).map((pool) => pool?.name);
  const peers = (metallb.bgpPeers ?? []).map(
    (peer) => peer?.name ?? (peer?.peerAddress && peerName(peer.peerAddress)),
  );
  const names = new Map<string, Path>();
  const covered = new Set<string>();
  const findings = metallb.bgpAdvertisements.flatMap((each, index): Problem[] => {
    if (each === undefined) return [];
    const path = [...metallbPath, 'bgpAdvertisements', index];
    const found: Problem[] = [];
    const first = each.name === undefined ? undefined : names.get(each.name);
    if (each.name !== undefined && first === undefined) names.set(each.name, path);
    if (first !== undefined)
      found.push(
        error(
          [...path, 'name'],
          `${describePath([...path, 'name'])} ${each.name ?? ''} is already used (line ${lineOf(first)})`,
        ),
      );
    const selected = each.ipAddressPools ?? pools.map(({ name }) => name);
    selected.forEach((name, position) => {
      if (name === undefined) return;
      covered.add(name);
      const where = [...path, 'ipAddressPools', position];
      if (!all.includes(name)) {
        if (!all.includes(undefined))
          found.push(error(where, `${describePath(where)} ${name} is not a pool in spec.metallb.pools`));
      } else if (!pools.some((pool) => pool.name === name))
        found.push(
          error(
            where,
            `${describePath(where)}: pool ${name} is announced by layer 2 only; set its advertise to bgp or both`,
          ),
        );
    });
    (each.peers ?? []).forEach((name, position) => {
      if (name === undefined || peers.includes(name) || peers.includes(undefined)) return;
      const where = [...path, 'peers', position];
      found.push(error(where, `${describePath(where)} ${name} is not a peer in spec.metallb.bgpPeers`));
    });
    const { aggregationLength } = each;
    const small = pools.find(
      (pool) =>
        aggregationLength !== undefined &&
        selected.includes(pool.name) &&
        pool.addresses.some((text) => prefixOf(text) > aggregationLength),
    );
    if (aggregationLength !== undefined && small !== undefined) {
      const where = [...path, 'aggregationLength'];
      found.push(
        error(
          where,
          `${describePath(where)} ${aggregationLength} would announce more than pool ${small.name} contains (line ${lineOf(small.path)})`,
        ),
      );
    }
    return found;
  });
  const missed = pools.filter(({ name }) => !covered.has(name));
  return [
    ...findings,
    ...missed.map(({ name, path }) =>
      warning(
        [...path, 'advertise'],
        `${describePath(path)}: pool ${name} is not in any advertisement of spec.metallb.bgpAdvertisements`,
      ),
    ),
  ];
};

/** Prefix length of a CIDR; 0 for a range. */
function prefixOf(text: string): number {
  const cidr = parseCidr(text);
  return isProblem(cidr) ? 0 : cidr.prefix;
}
