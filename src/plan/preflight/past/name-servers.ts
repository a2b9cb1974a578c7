import { dnsAddress } from '../../../desire/text/address.ts';
import { resolvedConf, statedResolvConf } from '../../../desire/text/kubelet-settings.ts';
import { includes, networkOf, type Range } from '../../../inventory/address.ts';
import { isNode, type Cluster, type Host } from '../../../model/cluster.ts';
import type { Inspection } from '../../../model/inspection.ts';
import { levelOf, type PastCheck } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

const loopbacks = ['127.0.0.0/8', '::1/128']
  .map(networkOf)
  .filter((range): range is Range => range !== undefined);

/**
 * The file of name servers that the kubelet gives to CoreDNS: the inventory's, systemd-resolved's, or the default
 * (desire/text/kubelet.ts). Empty: the inventory turns it off.
 */
function resolvConfOf(cluster: Cluster, host: Host, seen: Pick<Inspection, 'facts'>): string {
  return statedResolvConf(cluster, host) ?? (seen.facts.systemdResolved ? resolvedConf : '/etc/resolv.conf');
}

/**
 * Name servers that CoreDNS cannot forward to: in its Pod, a loopback address is CoreDNS itself, and it stops when it
 * sees its own query (https://coredns.io/plugins/loop); without any, it does not start.
 */
export const nameServers: PastCheck = (host, seen, cluster) => {
  const file = resolvConfOf(cluster, host, seen);
  const found = seen.past.resolvers.find((each) => each.file === file);
  // Nothing is known of files, as in a plan without hosts.
  if (!isNode(host) || file === '' || seen.past.resolvers.length === 0) return [];
  // CoreDNS forwards to these instead.
  if ((cluster.dns?.upstream ?? []).length > 0) return [];
  const level = levelOf(seen);
  const remedy = remedies.putNameServer({ file });
  if (found === undefined)
    return [
      {
        check: 'NameServers',
        level,
        message: `${file}, where the kubelet reads name servers, does not exist`,
        ...remedyFields(remedy),
      },
    ];
  if (found.servers.length === 0)
    return [
      {
        check: 'NameServers',
        level,
        message: `${file} names no name server: CoreDNS does not start without one`,
        ...remedyFields(remedy),
      },
    ];
  const own = found.servers.filter((server) => isOwn(server, cluster));
  return own.length === 0
    ? []
    : [
        {
          check: 'NameServers',
          level,
          message: `${file} names ${own.join(', ')} as name server, which in CoreDNS's Pod is CoreDNS itself: it detects the loop and stops`,
          ...remedyFields(remedy),
        },
      ];
};

function isOwn(server: string, cluster: Cluster): boolean {
  const [address = ''] = server.split('%');
  const range = networkOf(address);
  return (
    address === dnsAddress(cluster) ||
    (range !== undefined && loopbacks.some((each) => includes(each, range)))
  );
}
