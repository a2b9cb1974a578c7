import type { Role } from '../model/cluster.ts';
import {
  isProblem,
  parseAddress,
  parseCidr,
  parsePair,
  parseRange,
  parseUnicast,
  type Address,
  type Cidr,
  type Problem,
  type Range,
} from './address.ts';
import { defaults } from './defaults.ts';
import type { Draft, InventoryDraft } from './draft.ts';
import { parseEndpoint, type Endpoint } from './endpoint.ts';
import type { Path } from './position.ts';
import type { InventoryHost } from './schema.ts';

export interface OutlineHost {
  readonly path: Path;
  /** The host's name, or `hosts[3]` if that is not known. */
  readonly label: string;
  readonly draft: Draft<InventoryHost>;
  readonly roles: readonly Role[];
  /** Node addresses, the primary one first; empty if they are not known. */
  readonly addresses: readonly Address[];
  /** Path of the field that sets the node address. */
  readonly addressPath: Path;
}

export interface Network {
  readonly name: 'podSubnet' | 'serviceSubnet';
  readonly path: Path;
  readonly isDefault: boolean;
  /** Empty if the given value is not valid. */
  readonly cidrs: readonly Cidr[];
}

export interface Pool {
  readonly name: string;
  readonly range: Range;
  readonly path: Path;
}

/** The parts of a draft that several checks use, parsed once. */
export interface Outline {
  readonly hosts: readonly OutlineHost[];
  /** False if the roles of some host are not known: then a missing role cannot be reported. */
  readonly rolesKnown: boolean;
  readonly networks: readonly [Network, Network];
  readonly pools: readonly Pool[];
  readonly virtualIP: Address | undefined;
  readonly hasLoadBalancer: boolean;
  readonly loadBalancerPort: number | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly hasEndpoint: boolean;
  /** Someone else runs etcd. */
  readonly hasForeignEtcd: boolean;
}

export const virtualIPPath: Path = ['spec', 'loadBalancer', 'virtualIP'];
export const loadBalancerPortPath: Path = ['spec', 'loadBalancer', 'port'];
export const endpointPath: Path = ['spec', 'controlPlaneEndpoint'];
export const hostsPath: Path = ['spec', 'hosts'];

export function outlineOf(draft: InventoryDraft): Outline {
  const spec = draft.spec ?? {};
  const hosts = (spec.hosts ?? []).map((host, index) => outlineHost(host, index));
  const balancer = spec.loadBalancer;
  return {
    hosts,
    rolesKnown:
      spec.hosts !== undefined &&
      spec.hosts.every((host) => host?.roles?.every((role) => role !== undefined)),
    networks: [network(spec.networking, 'podSubnet'), network(spec.networking, 'serviceSubnet')],
    pools: pools(spec.metallb),
    virtualIP: parsed(balancer?.virtualIP, parseUnicast),
    hasLoadBalancer: balancer !== undefined,
    loadBalancerPort:
      balancer === undefined || !('port' in balancer) ? defaults.loadBalancerPort : balancer.port,
    endpoint: parsed(spec.controlPlaneEndpoint, parseEndpoint),
    hasEndpoint: 'controlPlaneEndpoint' in spec,
    hasForeignEtcd: spec.etcd !== undefined && 'external' in spec.etcd,
  };
}

/** Hosts that run a kubelet. */
export function nodesOf(outline: Outline): OutlineHost[] {
  return outline.hosts.filter(({ roles }) => roles.includes('control-plane') || roles.includes('worker'));
}

export function withRole(outline: Outline, role: Role): OutlineHost[] {
  return outline.hosts.filter((host) => host.roles.includes(role));
}

/** Hosts that run keepalived and haproxy, if the cluster has them. */
export function loadBalancerHosts(outline: Outline): OutlineHost[] {
  const own = withRole(outline, 'load-balancer');
  return own.length > 0 ? own : withRole(outline, 'control-plane');
}

function outlineHost(stated: Draft<InventoryHost> | undefined, index: number): OutlineHost {
  const draft = stated ?? { address: undefined };
  const path = [...hostsPath, index];
  const own = 'address' in draft;
  const pair = own
    ? parsed(draft.address, (value) => parsePair(value, parseUnicast))
    : parsed(draft.ssh?.address, (value) => parsePair(value, parseAddress));
  return {
    path,
    label: draft.name ?? `hosts[${index}]`,
    draft,
    roles: (draft.roles ?? []).filter((role) => role !== undefined),
    addresses: pair?.items ?? [],
    addressPath: own ? [...path, 'address'] : [...path, 'ssh', 'address'],
  };
}

function network(
  networking: NonNullable<InventoryDraft['spec']>['networking'],
  name: 'podSubnet' | 'serviceSubnet',
): Network {
  const isDefault = networking === undefined || !(name in networking);
  const text = isDefault ? defaults[name] : networking[name];
  const cidrs = parsed(text, (value) => parsePair(value, parseCidr))?.items ?? [];
  return { name, path: ['spec', 'networking', name], isDefault, cidrs };
}

function pools(metallb: NonNullable<InventoryDraft['spec']>['metallb']): Pool[] {
  return (metallb?.pools ?? []).flatMap((pool, index) =>
    (pool?.addresses ?? []).flatMap((text, position) => {
      const range = parsed(text, parseRange);
      const path: Path = ['spec', 'metallb', 'pools', index, 'addresses', position];
      return range === undefined ? [] : [{ name: pool?.name ?? `pools[${index}]`, range, path }];
    }),
  );
}

function parsed<Result extends object>(
  text: string | undefined,
  parse: (text: string) => Result,
): Exclude<Result, Problem> | undefined {
  const result = text === undefined ? undefined : parse(text);
  return result === undefined || isProblem(result) ? undefined : (result as Exclude<Result, Problem>);
}
