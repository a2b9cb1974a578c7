import { plural } from '../../model/plural.ts';
import { addressesOf, hasExternalEtcd, type Cluster, type Host } from '../../model/cluster.ts';
import type { Plan } from '../../plan/types.ts';
import { hostList } from '../host-list.ts';
import type { HostView } from './hosts.ts';

/** A machine of the drawing. */
export interface Machine extends HostView {
  readonly address?: string;
  /** Components there that its row does not name. */
  readonly runs: readonly string[];
}

/** Machines of one role. */
export interface Tier {
  readonly title: string;
  readonly machines: readonly Machine[];
  /** They run the members of etcd. */
  readonly etcd: boolean;
  readonly api: boolean;
  readonly balances: boolean;
}

/** A part that all machines share: an endpoint, a network. */
export interface Band {
  readonly title: string;
  readonly main: string;
  readonly more: string;
}

export interface Topology {
  readonly endpoint: Band;
  readonly tiers: readonly Tier[];
  readonly members: number;
  readonly networks: readonly Band[];
}

/** The parts of the drawing, from top to bottom; without a cluster, only those in the plan. */
export function topologyOf(plan: Plan, hosts: readonly HostView[], cluster?: Cluster): Topology {
  const details = new Map((cluster?.hosts ?? []).map((host) => [host.name, host]));
  const external =
    cluster === undefined ? hosts.some(({ roles }) => roles.includes('etcd')) : hasExternalEtcd(cluster);
  const balancersApart = hosts.some(
    ({ roles }) => roles.includes('load-balancer') && !roles.includes('control-plane'),
  );
  const taken = new Set<string>();
  const tier = (role: string, title: string, etcd: boolean): Tier[] => {
    const machines = hosts
      .filter((host) => host.roles.includes(role) && !taken.has(host.name))
      .map((host) => machineOf(host, role, details.get(host.name), cluster, balancersApart));
    for (const { name } of machines) taken.add(name);
    if (machines.length === 0) return [];
    const [api, balances] = [role === 'control-plane', role === 'load-balancer'];
    return [{ title, machines, etcd, api, balances }];
  };
  const controlPlane = tier('control-plane', 'Control plane', !external);
  const tiers = [
    ...(balancersApart ? tier('load-balancer', 'Load balancers', false) : []),
    ...controlPlane,
    ...tier('etcd', 'etcd hosts', true),
    ...tier('worker', 'Workers', false),
    ...tier('load-balancer', 'Load balancers', false),
  ];
  const members = cluster === undefined ? hosts : cluster.hosts;
  return {
    endpoint: endpointBand(plan, cluster),
    tiers,
    members: members.filter(({ roles }) =>
      (roles as readonly string[]).includes(external ? 'etcd' : 'control-plane'),
    ).length,
    networks: cluster === undefined ? [] : networkBands(cluster),
  };
}

function machineOf(
  view: HostView,
  role: string,
  host: Host | undefined,
  cluster: Cluster | undefined,
  balancersApart: boolean,
): Machine {
  const balances =
    cluster?.loadBalancer !== undefined &&
    (balancersApart ? view.roles.includes('load-balancer') : role === 'control-plane');
  const runs = [
    ...(balances ? ['haproxy, keepalived'] : []),
    ...(role === 'control-plane' && view.roles.includes('worker') ? ['also runs Pods of users'] : []),
    ...(role === 'control-plane' && view.roles.includes('etcd') ? ['etcd as a service'] : []),
  ];
  return { ...view, ...(host && { address: addressesOf(host).join(', ') }), runs };
}

function endpointBand(plan: Plan, cluster: Cluster | undefined): Band {
  const base = { title: 'API endpoint', main: plan.endpoint };
  if (cluster === undefined) return { ...base, more: '' };
  const { loadBalancer, controlPlaneEndpoint } = cluster;
  if (loadBalancer !== undefined)
    return {
      ...base,
      more: `virtual IP ${loadBalancer.virtualIP}, held by keepalived (router ID ${loadBalancer.virtualRouterID}), served by haproxy`,
    };
  const own = cluster.hosts.find((host) => host.address === controlPlaneEndpoint.host);
  return {
    ...base,
    more: own === undefined ? 'a name or a load balancer that kboot does not manage' : `${own.name} itself`,
  };
}

function networkBands({ networking, kubeProxy, metallb }: Cluster): readonly Band[] {
  const { podSubnets, serviceSubnets, dnsDomain, flannel } = networking;
  const mode = kubeProxy?.config['mode'];
  return [
    {
      title: 'Pod network',
      main: podSubnets.join(', '),
      more:
        flannel === undefined
          ? 'a CNI that kboot does not manage'
          : [
              `flannel, ${flannel.backend}`,
              ...(flannel.mtu === undefined ? [] : [`MTU ${flannel.mtu}`]),
              ...(flannel.interface === undefined ? [] : [`on ${flannel.interface}`]),
            ].join(', '),
    },
    {
      title: 'Service network',
      main: serviceSubnets.join(', '),
      more: `DNS domain ${dnsDomain}, ${kubeProxy === undefined ? 'a proxy that kboot does not manage' : `kube-proxy${typeof mode === 'string' ? ` in mode ${mode}` : ''}`}`,
    },
    ...(metallb?.pools ?? []).map((pool, index) => ({
      title: index === 0 ? 'MetalLB' : '',
      main: pool.addresses.join(', '),
      more: `pool ${pool.name}`,
    })),
  ];
}

/** The drawing in words, for screen readers. */
export function topologyText({ endpoint, tiers, members, networks }: Topology): string {
  const name = (band: Band): string =>
    `${band.title === '' ? '' : `${band.title} `}${band.main}${band.more === '' ? '' : `, ${band.more}`}.`;
  return [
    name(endpoint),
    ...tiers.map(({ title, machines }) => {
      const names = machines.map((machine) => machine.name);
      return `${title}: ${names.length} (${hostList(names, names)}).`;
    }),
    `etcd: ${plural(members, 'member')}.`,
    ...networks.map(name),
  ].join(' ');
}
