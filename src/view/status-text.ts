import { counted } from '../model/counted.ts';
import pc from 'picocolors';
import type { ClusterStatus } from '../model/status.ts';
import { table } from './table.ts';

/** The state of a cluster for people: a line a host, then the API and the certificate that ends first. */
export function statusText(status: ClusterStatus): string {
  const rows = status.hosts.map((host) => [
    host.name,
    host.roles.join(', '),
    host.address,
    host.reachable ? host.system : 'does not answer',
    host.node,
    host.kubelet,
    host.notReady.length === 0 ? '' : `not ready: ${host.notReady.join(', ')}`,
  ]);
  const first = [...status.certificates].sort((a, b) => a.daysLeft - b.daysLeft)[0];
  return [
    `${pc.bold(status.cluster)} · Kubernetes ${status.kubernetesVersion} · API ${status.endpoint} ${status.api}`,
    '',
    table([['host', 'roles', 'address', 'system', 'node', 'kubelet', ''], ...rows]),
    '',
    etcdLine(status),
    first === undefined
      ? 'No certificate is issued yet.'
      : `${status.certificates.length} certificates; the first to end is ${first.name}, in ${first.daysLeft} days (${first.expires.slice(0, 10)})`,
    status.healthy
      ? pc.green('All is well.')
      : pc.red('Something needs a look; `kboot plan` shows what `kboot up` would mend.'),
  ].join('\n');
}

/** `etcd answers: 3 voting members, cp-1, cp-2, cp-3 (does not serve)` */
function etcdLine({ etcd, members }: ClusterStatus): string {
  if (members.length === 0) return `etcd: ${etcd}`;
  const voting = members.filter(({ role }) => role === 'voting').length;
  const list = members.map(({ name, role, serves, wanted }) => {
    const remarks = [
      ...(role === 'learner' ? ['learner'] : []),
      ...(serves ? [] : ['does not serve']),
      ...(wanted ? [] : ['not in the inventory']),
    ];
    return remarks.length === 0 ? name : pc.red(`${name} (${remarks.join(', ')})`);
  });
  return `etcd ${etcd}: ${counted(voting, 'voting member')}, ${list.join(', ')}`;
}
