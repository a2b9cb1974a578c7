import {
  addressesOf,
  etcdHosts,
  isNode,
  loadBalancerHosts,
  type Cluster,
  type Host,
} from '../../model/cluster.ts';
import type { HostFirewall, Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { opening, shutOut, type Shut, type Source } from './firewall-rules.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

type Shortcoming = Omit<Finding, 'host'>;

/**
 * The traffic between hosts and Pods of a cluster that an active firewalld or ufw blocks, and the command that accepts
 * it. Only rules for all traffic of a source count, not rules for single ports.
 */
export function firewallShortcomings(host: Host, seen: Inspection, cluster: Cluster): readonly Shortcoming[] {
  if (seen.firewalls.length === 0) return [];
  // A host that is already part of the cluster has rules that are not evaluated here, such as single ports.
  const takesPart = isNode(host) ? seen.kubeletActive : seen.clusterId !== '';
  const level = takesPart ? 'warning' : 'error';
  const finding = (message: string, remedy: Text): Shortcoming => ({
    ...{ check: 'Firewall', level, message },
    ...remedyFields(remedy),
  });
  const pods = isNode(host) ? podSources(seen, host, cluster) : [];
  const connects = connectsTo(host, cluster);
  const peers = cluster.hosts.filter((each) => each !== host && connects(each));
  if (pods.length === 0 && peers.length === 0) return [];
  return seen.firewalls.flatMap((firewall): Shortcoming[] => {
    const { name, rules } = firewall;
    if (rules === undefined)
      return [
        finding(
          `${name} is active, and its rules could not be read`,
          remedies.findFirewall({ command: showCommand[name] }),
        ),
      ];
    const shut = shutOut(rules, [...pods, ...hostSources(seen, host, [host, ...peers])]);
    const shutPods = pods.flatMap(({ from }) => shut.get(from) ?? []);
    const shutHost = (each: Host): readonly Shut[] =>
      addressesOf(each).flatMap((address) => shut.get(address) ?? []);
    const shutPeers = new Set(peers.filter((each) => shutHost(each).length > 0));
    // With its own address included, which has no effect, similar hosts share one command.
    const isKin = (each: Host): boolean =>
      each === host ? shutPeers.size > 0 && connects(host) && shutHost(host).length > 0 : shutPeers.has(each);
    const wanted = cluster.hosts.filter(isKin);
    const rejects = pods.length > 0 && firewall.rejectsForwarded === true;
    const kept = [
      ...(shutPods.length > 0 || rejects ? [`Pods (${pods.map(({ from }) => from).join(', ')})`] : []),
      ...(wanted.length > 0 ? [namesOf(wanted)] : []),
    ];
    return kept.length === 0
      ? []
      : [
          finding(
            `${name} is active and blocks traffic from ${kept.join(' and ')}`,
            opening(name, [...shutPods, ...wanted.flatMap(shutHost)], rejects),
          ),
        ];
  });
}

const manyHosts = 8;

function namesOf(hosts: readonly Host[]): string {
  const names = hosts.map(({ name }) => name).join(', ');
  if (hosts.length === 1) return `host ${names}`;
  return hosts.length > manyHosts ? `${hosts.length} hosts of the inventory` : `the hosts ${names}`;
}

const showCommand: Readonly<Record<HostFirewall['name'], string>> = {
  firewalld: '`firewall-cmd --get-active-zones` and `journalctl -u firewalld`.',
  ufw: '`ufw status verbose`.',
};

/** Whether a host connects to `to`, by the components there (the ports of docs/how-a-cluster-is-made.md). */
function connectsTo(to: Host, cluster: Cluster): (from: Host) => boolean {
  const isPlane = (host: Host): boolean => host.roles.includes('control-plane');
  const [balancers, members] = [new Set(loadBalancerHosts(cluster)), new Set(etcdHosts(cluster))];
  return (from) =>
    (isNode(to) && isNode(from)) ||
    (isPlane(to) && balancers.has(from)) ||
    (balancers.has(to) && (isNode(from) || balancers.has(from))) ||
    (members.has(to) && (isPlane(from) || members.has(from)));
}

/** Addresses of other hosts, whose traffic arrives on the interface with `host`'s address of that family. */
function hostSources(seen: Inspection, host: Host, others: readonly Host[]): readonly Source[] {
  return others.flatMap(addressesOf).map((from) => ({ from, interfaces: [holder(seen, host, from)] }));
}

/** The Pod networks, whose traffic arrives from the bridge of the host's Pods and through flannel from other hosts. */
function podSources(seen: Inspection, host: Host, { networking }: Cluster): readonly Source[] {
  const devices = {
    vxlan: { 4: 'flannel.1', 6: 'flannel-v6.1' },
    wireguard: { 4: 'flannel-wg', 6: 'flannel-wg-v6' },
  };
  const { flannel } = networking;
  // The interfaces of another CNI are not known.
  if (flannel === undefined) return [];
  const { backend } = flannel;
  return networking.podSubnets.map((from) => {
    const family = from.includes(':') ? 6 : 4;
    const other = backend === 'host-gw' ? holder(seen, host, from) : devices[backend][family];
    return { from, interfaces: ['cni0', other] };
  });
}

/** The interface with `host`'s address of the family of `like`; empty: there is none. */
function holder(seen: Inspection, host: Host, like: string): string {
  const own = addressesOf(host).find((address) => address.includes(':') === like.includes(':'));
  return seen.addresses.find(({ address }) => address === own)?.interface ?? '';
}
