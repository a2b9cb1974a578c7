import { defaults } from '../defaults.ts';
import { defaultSpreadPort } from '../../model/spread.ts';
import { loadBalancerHosts } from '../outline.ts';
import { error } from '../position.ts';
import type { Check } from './check.ts';
import { portsOf } from './endpoint.ts';

/** Hosts must not serve files on a port that a component of the cluster uses. */
export const spreadPortIsFree: Check = (input) => {
  const { draft, outline } = input;
  const artifacts = draft.spec?.artifacts;
  const port = artifacts?.spreadPort ?? defaultSpreadPort;
  if (artifacts?.spread !== 'hosts' && artifacts?.fetch !== 'once' && artifacts?.spreadPort === undefined)
    return [];
  const path = ['spec', 'artifacts', artifacts.spreadPort === undefined ? 'spread' : 'spreadPort'];
  const balancing = outline.hasLoadBalancer ? loadBalancerHosts(outline) : [];
  for (const host of outline.hosts) {
    const ports = portsOf(input, host);
    ports.set(8081, 'flannel');
    ports.set(7472, 'MetalLB').set(7946, 'MetalLB');
    if (balancing.includes(host))
      ports.set(8404, 'haproxy').set(outline.loadBalancerPort ?? defaults.loadBalancerPort, 'haproxy');
    const owner = ports.get(port);
    if (owner !== undefined)
      return [
        error(
          path,
          `spec.artifacts.spreadPort ${port} is ${owner}'s port on ${host.label}; hosts need one of its own to pass files on: use another port, such as ${defaultSpreadPort}`,
        ),
      ];
  }
  return [];
};
