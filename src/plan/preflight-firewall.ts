import { includes, networkOf, overlap, type Range } from '../inventory/address.ts';
import { etcdHosts, isNode, loadBalancerHosts, type Cluster, type Host } from '../model/cluster.ts';
import type { FirewallRule, HostFirewall, Inspection } from '../model/inspection.ts';
import type { Finding } from './finding.ts';

type Shortcoming = Omit<Finding, 'host'>;

/** An address or network, and the interfaces by which traffic from there comes in. */
interface Source {
  readonly from: string;
  readonly interfaces: readonly string[];
}

/**
 * What an active firewalld or ufw keeps out of the traffic that hosts and Pods of a cluster need among one another,
 * and the command that lets it in. Only what is let in as a whole counts, no single ports.
 */
export function firewallShortcomings(host: Host, seen: Inspection, cluster: Cluster): readonly Shortcoming[] {
  const pods = isNode(host) ? podSources(seen, host, cluster) : [];
  const peers = cluster.hosts.filter((each) => each !== host && connects(each, host, cluster));
  if (pods.length === 0 && peers.length === 0) return [];
  return seen.firewalls.flatMap((firewall): Shortcoming[] => {
    const { name, rules } = firewall;
    if (rules === undefined)
      return [
        finding(`${name} is active, and its rules could not be read`, `See what is wrong: ${look[name]}`),
      ];
    const shut = (sources: readonly Source[]): readonly string[] =>
      sources.filter((source) => !letsIn(rules, source)).map(({ from }) => from);
    const shutPeers = peers.filter((each) => shut(hostSources(seen, host, each)).length > 0);
    // Its own address, which changes nothing there, makes the commands of alike hosts one.
    const wanted = cluster.hosts.filter((each) =>
      each === host ? shutPeers.length > 0 && connects(host, host, cluster) : shutPeers.includes(each),
    );
    const networks = [...shut(pods), ...wanted.flatMap((each) => shut(hostSources(seen, host, each)))];
    const rejecting = pods.length > 0 && firewall.rejectsForwarded === true;
    const kept = [
      ...(shut(pods).length > 0 || rejecting ? [`Pods (${pods.map(({ from }) => from).join(', ')})`] : []),
      ...(wanted.length > 0 ? [namesOf(wanted)] : []),
    ];
    return kept.length === 0
      ? []
      : [
          finding(
            `${name} is active and does not let in ${kept.join(' and ')}`,
            `On the host: \`${commands[name](networks, rejecting)}\``,
          ),
        ];
  });
}

function finding(message: string, remedy: string): Shortcoming {
  return { check: 'Firewall', level: 'error', message, remedy };
}

const manyHosts = 8;

function namesOf(hosts: readonly Host[]): string {
  return hosts.length > manyHosts
    ? `${hosts.length} hosts of the inventory`
    : `the hosts ${hosts.map(({ name }) => name).join(', ')}`;
}

const look: Readonly<Record<HostFirewall['name'], string>> = {
  firewalld: '`firewall-cmd --get-active-zones` and `journalctl -u firewalld`.',
  ufw: '`ufw status verbose`.',
};

/** One line of shell that lets these in as a whole; for ufw, with what is forwarded left to flannel's own rules. */
const commands: Readonly<
  Record<HostFirewall['name'], (networks: readonly string[], rejecting: boolean) => string>
> = {
  firewalld: (networks) =>
    `firewall-cmd --permanent --zone=trusted${networks.map((each) => ` --add-source=${each}`).join('')} && firewall-cmd --reload`,
  ufw: (networks, rejecting) =>
    [
      ...networks.map((each) => `ufw allow from ${each}`),
      ...(rejecting ? ['ufw default deny routed'] : []),
    ].join(' && '),
};

/** Whether `from` opens connections to `to`, by what runs there (the ports of docs/how-a-cluster-is-made.md). */
function connects(from: Host, to: Host, cluster: Cluster): boolean {
  const isPlane = (host: Host): boolean => host.roles.includes('control-plane');
  const balances = (host: Host): boolean => loadBalancerHosts(cluster).includes(host);
  const members = etcdHosts(cluster);
  return (
    (isNode(to) && isNode(from)) ||
    (isPlane(to) && balances(from)) ||
    (balances(to) && (isNode(from) || balances(from))) ||
    (members.includes(to) && (isPlane(from) || members.includes(from)))
  );
}

/** Addresses of `other`, whose traffic comes by the interface with `host`'s address of that family. */
function hostSources(seen: Inspection, host: Host, other: Host): readonly Source[] {
  return addressesOf(other).map((from) => ({ from, interfaces: [holder(seen, host, from)] }));
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

function addressesOf({ address, secondAddress }: Host): readonly string[] {
  return secondAddress === undefined ? [address] : [address, secondAddress];
}

/** The interface with `host`'s address of the family of `like`; empty: none has it. */
function holder(seen: Inspection, host: Host, like: string): string {
  const own = addressesOf(host).find((address) => address.includes(':') === like.includes(':'));
  return seen.addresses.find(({ address }) => address === own)?.interface ?? '';
}

/** Whether all that comes from a source is let in. */
function letsIn(rules: readonly FirewallRule[], { from, interfaces }: Source): boolean {
  const source = networkOf(from);
  return source !== undefined && interfaces.every((device) => letsInBy(rules, source, device));
}

function letsInBy(rules: readonly FirewallRule[], source: Range, device: string): boolean {
  for (const rule of rules) {
    if (rule.interface !== undefined && rule.interface !== device) continue;
    if (rule.from === undefined) return rule.opens;
    const network = networkOf(rule.from);
    // A source of another kind: a MAC address, an ipset.
    if (network === undefined) continue;
    if (includes(network, source)) return rule.opens;
    if (!rule.opens && overlap(network, source)) return false;
  }
  return false;
}
