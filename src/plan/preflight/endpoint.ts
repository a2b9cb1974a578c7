import { hasOutsideEndpoint, isControlPlaneAddress, isNode, type Cluster } from '../../model/cluster.ts';
import type { EndpointAnswer } from '../../observe/endpoint.ts';
import type { EndpointSeen, Inspection } from '../../model/inspection.ts';
import type { Finding } from './finding.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from './remedies.ts';

/** `host`: the host through which it was queried. */
export interface EndpointServing {
  readonly host: string;
  readonly answer: EndpointAnswer;
}

/**
 * What is wrong with an external endpoint. Before the bootstrap nothing answers behind it, so only a permanent problem
 * is an error; `running` (an API server answered directly): it must lead there now.
 */
export function endpointFindings(
  cluster: Cluster,
  seen: ReadonlyMap<string, Inspection>,
  running: boolean,
  serving: EndpointServing | undefined,
): readonly Finding[] {
  if (!hasOutsideEndpoint(cluster)) return [];
  const { host, port } = cluster.controlPlaneEndpoint;
  const endpoint = `controlPlaneEndpoint ${host.includes(':') ? `[${host}]` : host}:${port}`;
  const finding = (
    level: Finding['level'],
    hosts: readonly string[],
    message: string,
    remedy: Text,
  ): Finding[] =>
    hosts.length === 0
      ? []
      : [
          {
            check: 'ControlPlaneEndpoint',
            level,
            host: hosts.join(', '),
            message: `${endpoint} ${message}`,
            ...remedyFields(remedy),
          },
        ];

  const views = cluster.hosts.flatMap((each): View[] => {
    const view = seen.get(each.name)?.endpoint;
    return view === undefined || !isNode(each)
      ? []
      : [{ name: each.name, isPlane: each.roles.includes('control-plane'), view }];
  });
  const named = (wanted: (view: View) => boolean): string[] => views.filter(wanted).map(({ name }) => name);
  const resolved = ({ view }: View): boolean => view.addresses.length > 0;
  const unreached = views.filter(
    (view) => resolved(view) && (view.view.tcp === 'lost' || (running && view.view.tcp === 'refused')),
  );
  // This run may restore such an endpoint.
  const ours = isControlPlaneAddress(cluster, [...new Set(views.flatMap(({ view }) => view.addresses))]);
  const serious = running && !ours ? 'error' : 'warning';
  const remedy = running ? remedies.repairLoadBalancer({ port }) : remedies.bringUpEndpoint;

  return [
    ...finding(
      'error',
      named((view) => !resolved(view)),
      'does not resolve',
      remedies.putIntoDns({ host }),
    ),
    ...finding(
      'error',
      named((view) => !view.isPlane && resolved(view) && view.view.addresses.every(isLoopback)),
      'resolves to loopback on a host without an API server',
      remedies.correctHosts({ host }),
    ),
    // A load balancer may forward a backend to itself, which can fail intermittently.
    ...[true, false].flatMap((isPlane) => {
      const those = unreached.filter((view) => view.isPlane === isPlane);
      const [first] = those;
      if (first === undefined) return [];
      const why = first.view.tcp === 'refused' ? 'Connection refused' : first.view.why;
      const names = those.map(({ name }) => name);
      return finding(isPlane ? 'warning' : serious, names, `cannot be reached: ${why}`, remedy);
    }),
    ...(serving === undefined ? [] : served(serving)),
  ];

  function served({ host: asker, answer }: EndpointServing): Finding[] {
    switch (answer.kind) {
      case 'ready':
        return [];
      case 'stranger':
        return finding(
          'error',
          [asker],
          `leads to something other than this cluster's API servers: ${answer.why}`,
          remedies.correctEndpoint,
        );
      case 'nothing':
      case 'not-ready':
        return running
          ? finding(serious, [asker], `does not lead to an API server: ${answer.why}`, remedies.forwardTcp)
          : [];
    }
  }
}

interface View {
  readonly name: string;
  readonly isPlane: boolean;
  readonly view: EndpointSeen;
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
