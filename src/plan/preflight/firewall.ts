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

type Shortcoming = Omit<Finding, 'host'>;

/**
 * What an active firewalld or ufw keeps out of the traffic that hosts and Pods of a cluster need among one another,
 * and the command that lets it in. Only what is let in as a whole counts, no single ports.
 */
export function firewallShortcomings(host: Host, seen: Inspection, cluster: Cluster): readonly Shortcoming[] {
  if (seen.firewalls.length === 0) return [];
  // A host that takes part already does so by rules that are not looked at here, such as single ports.
  const takesPart = isNode(host) ? seen.kubeletActive : seen.clusterId !== '';
  const level = takesPart ? 'warning' : 'error';
  const finding = (message: string, remedy: string): Shortcoming => ({
    ...{ check: 'Firewall', level, message, remedy },
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
          `See what is wrong: ${showCommand[name]}`,
        ),
      ];
    const shut = shutOut(rules, [...pods, ...hostSources(seen, host, [host, ...peers])]);
    const shutPods = pods.flatMap(({ from }) => shut.get(from) ?? []);
    const shutHost = (each: Host): readonly Shut[] =>
      addressesOf(each).flatMap((address) => shut.get(address) ?? []);
    const shutPeers = new Set(peers.filter((each) => shutHost(each).length > 0));
    // Its own address with them, which changes nothing there, makes the commands of alike hosts one.
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
            `${name} is active and does not let in ${kept.join(' and ')}`,
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

/** Whether a host opens connections to `to`, by what runs there (the ports of docs/how-a-cluster-is-made.md). */
function connectsTo(to: Host, cluster: Cluster): (from: Host) => boolean {
  const isPlane = (host: Host): boolean => host.roles.includes('control-plane');
  const [balancers, members] = [new Set(loadBalancerHosts(cluster)), new Set(etcdHosts(cluster))];
  return (from) =>
    (isNode(to) && isNode(from)) ||
    (isPlane(to) && balancers.has(from)) ||
    (balancers.has(to) && (isNode(from) || balancers.has(from))) ||
    (members.has(to) && (isPlane(from) || members.has(from)));
}

/** Addresses of others, whose traffic comes by the interface with `host`'s address of that family. */
function hostSources(seen: Inspection, host: Host, others: readonly Host[]): readonly Source[] {
  return others.flatMap(addressesOf).map((from) => ({ from, interfaces: [holder(seen, host, from)] }));
}

/** The Pod networks, whose traffic comes from the bridge of the host's Pods and by flannel from those of others. */
function podSources(seen: Inspection, host: Host, { networking }: Cluster): readonly Source[] {
  const devices = {
    vxlan: { 4: 'flannel.1', 6: 'flannel-v6.1' },
    wireguard: { 4: 'flannel-wg', 6: 'flannel-wg-v6' },
  };
  const { backend } = networking.flannel;
  return networking.podSubnets.map((from) => {
    const family = from.includes(':') ? 6 : 4;
    const other = backend === 'host-gw' ? holder(seen, host, from) : devices[backend][family];
    return { from, interfaces: ['cni0', other] };
  });
}

/** The interface with `host`'s address of the family of `like`; empty: none has it. */
function holder(seen: Inspection, host: Host, like: string): string {
  const own = addressesOf(host).find((address) => address.includes(':') === like.includes(':'));
  return seen.addresses.find(({ address }) => address === own)?.interface ?? '';
}
