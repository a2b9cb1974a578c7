import { systemOf } from '../../../catalog/systems.ts';
import { includes, networkOf } from '../../../inventory/address.ts';
import { isNode } from '../../../model/cluster.ts';
import type { Variable } from '../../../model/past.ts';
import { levelOf, type PastCheck } from './shortcoming.ts';
import { remedies } from '../remedies.ts';
import { remedyFields } from '../../../model/language/text.ts';

/**
 * A proxy that the kubelet would use for the API server, as Go's net/http decides it: systemd gives the variables of
 * its manager, of drop-ins and of the defaults file to the kubelet.
 */
export const kubeletProxy: PastCheck = (host, seen, cluster) => {
  if (!isNode(host)) return [];
  const defaults = systemOf(seen.facts).kubeletDefaults;
  const { managerProxies, kubeletVariables } = seen.past;
  const own = kubeletVariables.filter(
    ({ file }) => file === defaults || file.includes('/kubelet.service.d/'),
  );
  const value = (name: string): string => {
    const all: readonly Variable[] = [...managerProxies, ...own];
    const last = (exact: string): string => all.findLast((each) => each.name === exact)?.value ?? '';
    return last(name) || last(name.toLowerCase());
  };
  const endpoint = cluster.controlPlaneEndpoint.host;
  if (value('HTTPS_PROXY') === '' || isExempt(endpoint, cluster.controlPlaneEndpoint.port, value('NO_PROXY')))
    return [];
  const place =
    own.findLast(({ name }) => name.toUpperCase() === 'HTTPS_PROXY')?.file ??
    "systemd's own environment (systemctl show-environment)";
  return [
    {
      check: 'Proxy',
      level: levelOf(seen),
      message: `HTTPS_PROXY in ${place} makes the kubelet reach the API server ${endpoint} through a proxy`,
      ...remedyFields(remedies.addNoProxy({ endpoint })),
    },
  ];
};

/** Whether NO_PROXY contains a host (golang.org/x/net/http/httpproxy): an address, a CIDR, a domain with its subdomains, `*`. */
export function isExempt(host: string, port: number, noProxy: string): boolean {
  const address = networkOf(host);
  if (host === 'localhost' || host.startsWith('127.') || host === '::1') return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', only] =
        /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.includes(':') && networkOf(entry) ? `[${entry}]` : entry) ?? [];
      if (name === '' || (only !== undefined && Number(only) !== port)) return false;
      const network = networkOf(name);
      if (address !== undefined) return network !== undefined && includes(network, address);
      const domain = name.replace(/^\*?\./, '');
      return host === domain ? !/^\*?\./.test(name) : host.endsWith(`.${domain}`);
    });
}
