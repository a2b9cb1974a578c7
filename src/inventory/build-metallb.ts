import type { BgpAdvertisement, BgpPeer, LabelSelector, Metallb } from '../model/cluster.ts';
import { parseUnicast } from './address.ts';
import { given, valid } from './build-value.ts';
import { defaults } from './defaults.ts';
import type { Inventory } from './schema.ts';

type Stated = NonNullable<Inventory['spec']['metallb']>;
type StatedPeer = NonNullable<Stated['bgpPeers']>[number];
type StatedSelectors = StatedPeer['nodeSelectors'];

/** MetalLB as stated in the inventory. Pools announced by BGP always get an advertisement. */
export function buildMetallb(stated: Stated): Metallb {
  const pools = stated.pools.map(({ advertise = defaults.advertise, ...pool }) => ({ ...pool, advertise }));
  const byBgp = pools.filter(({ advertise }) => advertise !== 'l2').map(({ name }) => name);
  const advertisements = stated.bgpAdvertisements ?? (byBgp.length === 0 ? [] : [{ name: 'kboot' }]);
  return {
    pools,
    bgpPeers: (stated.bgpPeers ?? []).map(peer),
    bgpAdvertisements: advertisements.map((each) => advertisement(each, byBgp)),
  };
}

/** `peer-10-0-0-1` */
export function peerName(address: string): string {
  return `peer-${address.replaceAll(/[.:]+/g, '-').replace(/-$/, '-0')}`;
}

function peer(stated: StatedPeer): BgpPeer {
  const { text: peerAddress } = valid(parseUnicast(stated.peerAddress));
  return {
    name: stated.name ?? peerName(peerAddress),
    myASN: stated.myASN,
    peerASN: stated.peerASN,
    peerAddress,
    ...given('peerPort', stated.peerPort),
    ...given('sourceAddress', stated.sourceAddress && valid(parseUnicast(stated.sourceAddress)).text),
    ...given('routerID', stated.routerID),
    ...given('holdTime', stated.holdTime),
    ...given('ebgpMultiHop', stated.ebgpMultiHop),
    nodeSelectors: selectors(stated.nodeSelectors),
    ...given('passwordSecret', stated.passwordSecret?.name),
  };
}

function advertisement(
  stated: NonNullable<Stated['bgpAdvertisements']>[number],
  byBgp: readonly string[],
): BgpAdvertisement {
  return {
    name: stated.name,
    ipAddressPools: stated.ipAddressPools ?? byBgp,
    peers: stated.peers ?? [],
    ...given('aggregationLength', stated.aggregationLength),
    ...given('localPref', stated.localPref),
    communities: stated.communities ?? [],
    nodeSelectors: selectors(stated.nodeSelectors),
  };
}

function selectors(stated: StatedSelectors): readonly LabelSelector[] {
  return (stated ?? []).map(({ matchLabels = {}, matchExpressions = [] }) => ({
    matchLabels,
    matchExpressions: matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  }));
}
