import { hostsWith } from '../../model/cluster.ts';
import { apiServerPort, isIPv6 } from './address.ts';
import type { HostText, TextContext } from './types.ts';

/** Where haproxy says on 127.0.0.1 that it is well. */
export const haproxyHealthPort = 8404;

/**
 * haproxy's configuration (2.6 and later), the same on each load balancer: the port of the virtual IP, every API
 * server behind it. It listens on all addresses of the virtual IP's family, so it runs on hosts that do not
 * hold the virtual IP, too. Nothing where the cluster has no load balancer of its own.
 */
export function haproxyFiles({ cluster, renderer }: TextContext): readonly HostText[] {
  const { loadBalancer } = cluster;
  if (loadBalancer === undefined) return [];
  const text = renderer.render('load-balancer/haproxy.cfg.hbs', {
    port: loadBalancer.port,
    ipv6: isIPv6(loadBalancer.virtualIP),
    healthPort: haproxyHealthPort,
    servers: hostsWith(cluster, 'control-plane').map(({ name, address }) => ({
      name,
      address,
      ipv6: isIPv6(address),
      port: apiServerPort,
    })),
  });
  return [{ path: '/etc/haproxy/haproxy.cfg', mode: 0o644, text }];
}
