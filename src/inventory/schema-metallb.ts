import * as z from 'zod';
import { isProblem, parseAddress, parseRange, parseUnicast, type Problem } from './address.ts';
import { defaults } from './defaults.ts';
import { dnsLabel, dnsName, labelValue, parsedBy, qualifiedName, text, whole } from './fields.ts';

/** MetalLB's namespace, the only one from which the speakers read a peer's password. */
const namespace = 'metallb-system';

/** A MetalLB field that the native speaker does not support, or that would put a secret into the inventory. */
const refused = (why: string) =>
  z
    .unknown()
    .superRefine((_value, context) => {
      context.addIssue(why);
    })
    .meta({ description: `Not supported: it ${why}.`, not: {} })
    .optional();

const needsFrr = refused('requires MetalLB in FRR mode, and kboot installs the native BGP speaker');

const asn = (description: string) => whole(1, 4_294_967_295, { description, examples: [64512] });

const selector = z
  .strictObject({
    matchLabels: z
      .record(
        text({ description: 'Name of the label.' }, qualifiedName),
        text({ description: 'Its value.' }, labelValue),
      )
      .meta({ description: 'Labels that a node must have.', examples: [{ zone: 'a' }] })
      .optional(),
    matchExpressions: z
      .array(
        z
          .strictObject({
            key: text({ description: 'Name of the label.', examples: ['zone'] }, qualifiedName),
            operator: z
              .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
              .meta({ description: 'How the label is compared with the values.' }),
            values: z
              .array(text({ description: 'A value of the label.', examples: ['a'] }, labelValue))
              .meta({ description: 'For In and NotIn.' })
              .optional(),
          })
          .superRefine(({ operator, values = [] }, context) => {
            const takes = operator === 'In' || operator === 'NotIn';
            if (takes && values.length === 0) context.addIssue(`needs values with the operator ${operator}`);
            if (!takes && values.length > 0)
              context.addIssue(`takes no values with the operator ${operator}`);
          })
          .meta({ description: 'One requirement.' }),
      )
      .meta({ description: 'Additional requirements on the labels of a node.' })
      .optional(),
  })
  .superRefine(({ matchLabels = {}, matchExpressions = [] }, context) => {
    if (Object.keys(matchLabels).length + matchExpressions.length === 0)
      context.addIssue('must have matchLabels or matchExpressions');
  })
  .meta({ description: 'Nodes by their labels, such as {matchLabels: {zone: a}}.' });

const nodeSelectors = (description: string) => z.array(selector).meta({ description }).optional();

/** Seconds of a Go duration such as `1m30s`, or the problem with it. */
function holdTime(value: string): { readonly seconds: number } | Problem {
  const parts = [...value.matchAll(/(\d+)(h|m|s)/g)];
  if (value === '' || parts.map(([part]) => part).join('') !== value)
    return { problem: `must be a duration such as 90s or 1m30s, not "${value}"` };
  const unit = { h: 3600, m: 60, s: 1 };
  const seconds = parts.reduce(
    (sum, [, count, of]) => sum + Number(count) * unit[of as keyof typeof unit],
    0,
  );
  return seconds === 0 || (seconds >= 3 && seconds <= 65_535)
    ? { seconds }
    : { problem: `must be 0s or from 3s to 65535s (RFC 4271), not "${value}"` };
}

const peer = z
  .strictObject({
    name: text(
      {
        description: 'Name of the BGPPeer. Default: derived from peerAddress, such as "peer-10-0-0-1".',
        examples: ['rack-1'],
      },
      dnsName,
    ).optional(),
    myASN: asn('AS number of the nodes.'),
    peerASN: asn('AS number of the router.'),
    peerAddress: text(
      { description: 'Address of the router.', examples: ['10.0.0.1'] },
      parsedBy(parseUnicast),
    ),
    peerPort: whole(1, 16_384, { description: "The router's port.", default: 179 }).optional(),
    sourceAddress: text(
      {
        description: 'Source address of the session on the node. Default: chosen by the routing table.',
        examples: ['10.0.0.21'],
      },
      parsedBy(parseUnicast),
    ).optional(),
    routerID: text(
      {
        description: "BGP router ID, an IPv4 address. Default: the node's address.",
        examples: ['10.0.0.21'],
      },
      (value) => {
        const address = parseAddress(value);
        if (isProblem(address)) return address.problem;
        return address.family === 4 ? undefined : `must be an IPv4 address, not ${value}`;
      },
    ).optional(),
    holdTime: text(
      {
        description:
          'Time without a message after which the session ends; keepalives are sent three times as often.',
        default: '90s',
      },
      parsedBy(holdTime),
    ).optional(),
    ebgpMultiHop: z
      .boolean()
      .meta({ description: 'Whether the router is more than one hop away.' })
      .optional(),
    nodeSelectors: nodeSelectors(
      'Nodes that peer with this router: those that match any of these selectors. Default: every node.',
    ),
    passwordSecret: z
      .strictObject({
        name: text({ description: 'Name of the Secret.', examples: ['rack-1-password'] }, dnsName),
        namespace: z.literal(namespace).meta({ description: "MetalLB's namespace." }).optional(),
      })
      .meta({
        description: `Secret of type kubernetes.io/basic-auth in the namespace ${namespace} whose key "password" is the session's TCP MD5 password. You create it; kboot neither reads nor writes it.`,
      })
      .optional(),
    password: refused('would put a secret into the inventory; reference a Secret in passwordSecret instead'),
    bfdProfile: needsFrr,
    connectTime: needsFrr,
    disableMP: needsFrr,
    dualStackAddressFamily: needsFrr,
    dynamicASN: needsFrr,
    enableGracefulRestart: needsFrr,
    interface: needsFrr,
    keepaliveTime: needsFrr,
    vrf: needsFrr,
  })
  .meta({ description: 'A router that nodes announce addresses to, with the fields of a BGPPeer.' });

const advertisement = z
  .strictObject({
    name: text({ description: 'Name of the BGPAdvertisement.', examples: ['routed'] }, dnsName),
    ipAddressPools: z
      .array(text({ description: 'Name of a pool.', examples: ['routed'] }))
      .min(1, 'must name at least one pool')
      .meta({ description: 'Pools to advertise. Default: every pool announced by BGP.' })
      .optional(),
    peers: z
      .array(text({ description: 'Name of a peer.', examples: ['rack-1'] }))
      .min(1, 'must name at least one peer')
      .meta({ description: 'Peers to advertise them to. Default: all.' })
      .optional(),
    aggregationLength: whole(1, 32, {
      description: 'Prefix length to which addresses are aggregated.',
      default: 32,
    }).optional(),
    localPref: whole(0, 4_294_967_295, {
      description: 'LOCAL_PREF, for peers of the same AS.',
      examples: [100],
    }).optional(),
    communities: z
      .array(
        text(
          {
            description: 'ASN:NUMBER, or the name of an alias in a Community object.',
            examples: ['64512:100'],
          },
          (value) => {
            const standard = /^(\d{1,5}):(\d{1,5})$/.exec(value);
            if (standard === null && /^[A-Za-z0-9][\w.-]*$/.test(value)) return undefined;
            return standard?.slice(1).every((part) => Number(part) <= 65_535) === true
              ? undefined
              : `must be a standard community such as 64512:100, the only kind that the native speaker supports, not "${value}"`;
          },
        ),
      )
      .meta({ description: 'BGP communities of the announcement.' })
      .optional(),
    nodeSelectors: nodeSelectors(
      'Nodes announced as next hops: those that match any of these selectors. Default: every node.',
    ),
    aggregationLengthV6: needsFrr,
  })
  .meta({ description: 'How pools are announced by BGP.' });

const pool = z
  .strictObject({
    name: text({ description: 'Name of the pool.', examples: ['default'] }, dnsLabel),
    addresses: z
      .array(
        text(
          { description: 'A range or a network.', examples: ['10.0.0.200-10.0.0.220', '10.0.1.0/28'] },
          parsedBy(parseRange),
        ),
      )
      .min(1, 'must have at least one range')
      .meta({ description: 'Addresses for Services of type LoadBalancer.' }),
    advertise: z
      .enum(['l2', 'bgp', 'both'])
      .meta({
        description: "l2: by ARP and NDP on the nodes' network; bgp: to bgpPeers.",
        default: defaults.advertise,
      })
      .optional(),
  })
  .meta({ description: 'An IPAddressPool.' });

/** `spec.metallb`; peers and advertisements have MetalLB's own field names (v0.15.3, native BGP). */
export const metallb = z
  .strictObject({
    pools: z
      .array(pool)
      .min(1, 'must have at least one pool')
      .meta({ description: 'Address pools, announced by ARP and NDP unless advertise says otherwise.' }),
    bgpPeers: z
      .array(peer)
      .meta({ description: 'Routers to announce pools to by BGP.', default: [] })
      .optional(),
    bgpAdvertisements: z
      .array(advertisement)
      .min(1, 'must have at least one advertisement')
      .meta({
        description: 'BGP advertisements. Default: one, for every pool announced by BGP, to every peer.',
      })
      .optional(),
  })
  .meta({ description: 'The service load balancer MetalLB. Default: not installed.' });
