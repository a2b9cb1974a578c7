import { systemOf } from '../../catalog/systems.ts';
import { hostsWith } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import { apiServerPort, isIPv6 } from './address.ts';
import type { HostText, TextContext } from './types.ts';

/** Port of haproxy's own health check on 127.0.0.1. */
export const haproxyHealthPort = 8404;

/**
 * haproxy's configuration (2.4 and later), the same on each load balancer: the port of the virtual IP, every API
 * server behind it; and a drop-in for a unit that does not create a folder for its socket. haproxy listens on all
 * addresses of the virtual IP's family, so it also runs on hosts without the virtual IP. Empty if the cluster has no
 * load balancer of its own.
 */
export function haproxyFiles({ cluster, renderer }: TextContext, facts: HostFacts): readonly HostText[] {
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
  const config = { path: '/etc/haproxy/haproxy.cfg', mode: 0o644, text };
  if (systemOf(facts).haproxyFolder) return [config];
  const dropIn = renderer.render('load-balancer/haproxy-drop-in.conf.hbs', {});
  return [config, { path: '/etc/systemd/system/haproxy.service.d/kboot.conf', mode: 0o644, text: dropIn }];
}
