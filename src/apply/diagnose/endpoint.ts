import { isIP } from 'node:net';
import { hostPort } from '../../desire/text/address.ts';
import type { EndpointSeen } from '../../model/inspection.ts';
import { endpointProbe, readEndpoint } from '../../observe/endpoint-probe.ts';
import type { Condition } from '../../plan/types.ts';
import { apiSections } from './control-plane.ts';
import type { Sources } from './sources.ts';
import { someOf, type Section } from './text.ts';

type Endpoint = Condition & { readonly kind: 'endpoint' };

const maxHosts = 3;

/**
 * An endpoint without a responding API server: its resolution and a connection to it on some hosts, workers first, and
 * whether an API server responds directly.
 */
export async function diagnoseEndpoint(condition: Endpoint, sources: Sources): Promise<Section[]> {
  const planes = new Set(sources.apiHosts);
  const all = [...sources.access.connections.keys()];
  const hosts = [...all.filter((host) => !planes.has(host)), ...all.filter((host) => planes.has(host))];
  const [seen, api] = await Promise.all([
    Promise.all(hosts.slice(0, maxHosts).map((host) => fromHost(condition, host, sources))),
    bypassing(sources),
  ]);
  return [seen.length === 0 ? ['no host is connected'] : seen, ...api];
}

async function fromHost({ address, port }: Endpoint, host: string, sources: Sources): Promise<string> {
  // Only these characters are passed to the shell of the probe.
  if (!/^[\w.:-]+$/.test(address)) return `${address} is not an address or a host name`;
  const output = await sources.read(host, endpointProbe({ host: address, port }));
  if (!output.ok) return `from ${host}: the probe did not run: ${output.why}`;
  const values = (key: string): string[] =>
    [...output.value.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');
  const found = readEndpoint(values('endpointAddress'), values('endpointTcp')[0] ?? '');
  return `from ${host}: ${endpointLine(address, port, found)}`;
}

/** `api.example resolves to 10.0.0.9; a connection to api.example:443 is refused` */
export function endpointLine(address: string, port: number, seen: EndpointSeen | undefined): string {
  const target = hostPort(address, port);
  if (seen === undefined) return `${target} could not be probed`;
  const names =
    isIP(address) !== 0
      ? ''
      : seen.addresses.length === 0
        ? `${address} does not resolve; `
        : `${address} resolves to ${someOf(seen.addresses, 4)}; `;
  if (seen.tcp === 'open') return `${names}${target} accepts connections`;
  if (seen.tcp === 'refused') return `${names}${target} refuses connections`;
  return `${names}a connection to ${target} fails: ${seen.why}`;
}

/** Whether the API is ready directly, through SSH to a control plane; its logs if it is not. */
async function bypassing(sources: Sources): Promise<Section[]> {
  const answer = await sources.text('/readyz');
  if (answer.ok)
    return [
      [
        'bypassing the endpoint, an API server is ready: check DNS, the load balancer and the firewalls in front of it',
      ],
    ];
  const unready = [`bypassing the endpoint, no API server is ready either: ${answer.why}`];
  return [unready, ...(await apiSections(sources, sources.apiHosts))];
}
