import { plural } from '../model/plural.ts';
import pc from 'picocolors';
import type { ClusterStatus, StoredStatus } from '../model/status.ts';
import { age, size } from './amounts.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/** The state of a cluster for people: a line per host, then the API and the certificate that expires first. */
export const statusText = view(composeStatusText);

function composeStatusText(status: ClusterStatus): string {
  const rows = status.hosts.map((host) => [
    host.name,
    host.roles.join(', '),
    host.address,
    host.reachable ? host.system : 'unreachable',
    host.node,
    host.kubelet,
    host.apiServer,
    host.etcd,
    host.notReady.length === 0 ? '' : `not ready: ${host.notReady.join(', ')}`,
  ]);
  return [
    `${pc.bold(status.cluster)} · Kubernetes ${status.kubernetesVersion} · API ${status.endpoint} ${status.api}`,
    '',
    table([['host', 'roles', 'address', 'system', 'node', 'kubelet', 'API server', 'etcd', ''], ...rows]),
    '',
    ...status.hosts.flatMap(({ name, problems }) => problems.map((each) => pc.red(`${name}: ${each}`))),
    ...status.problems.map((each) => pc.red(each)),
    ...status.warnings.map((each) => pc.yellow(each)),
    etcdLine(status),
    ...backupLines(status.backup),
    ...status.stored.map(storedLine),
    certificatesLine(status.certificates),
    status.healthy
      ? pc.green('The cluster is healthy.')
      : pc.red('The cluster is not healthy; `kboot plan` shows what `kboot up` would repair.'),
  ].join('\n');
}

/** `27 certificates; the first to expire is hosts/cp-1/apiserver, in 300 days (2027-09-24)` */
function certificatesLine(certificates: ClusterStatus['certificates']): string {
  const [first] = [...certificates].sort((a, b) => a.daysLeft - b.daysLeft);
  if (first === undefined) return 'No certificates have been issued yet.';
  const count = `${certificates.length} certificates`;
  const date = first.expires.slice(0, 10);
  const expired = certificates.filter(({ daysLeft }) => daysLeft < 0).length;
  return expired === 0
    ? `${count}; the first to expire is ${first.name}, in ${first.daysLeft} days (${date})`
    : pc.red(
        `${count}; ${expired} of them expired, first ${first.name} on ${date}. \`kboot certs\` lists them`,
      );
}

/** `last backup of etcd: 3 h ago, cp-1:/var/backups/etcd/etcd-backup-cp-1-TIME.db (20.6 MB), also in S3` */
function backupLines(backup: ClusterStatus['backup']): string[] {
  if (backup === undefined) return [];
  const { taken, ageSeconds, host, file, stored, problems } = backup;
  return [
    taken === ''
      ? pc.yellow('last backup of etcd: none yet')
      : `last backup of etcd: ${age(ageSeconds)} ago, ${host}:${file} (${size(backup.size)})${stored === '' ? '' : `, and ${stored}`}`,
    ...problems.map((each) => pc.red(`${each.host}: ${each.message}`)),
  ];
}

/** `secrets in etcd: 42 encrypted with secretbox:key1` */
function storedLine({ resource, as, count, wanted }: StoredStatus): string {
  const how = as === 'identity' ? 'not encrypted' : `encrypted with ${as}`;
  const line = `${resource} in etcd: ${count} ${how}`;
  return wanted ? line : pc.yellow(`${line}, unlike in the inventory`);
}

/** `etcd answers: 3 voting members, cp-1, cp-2, cp-3 (not serving)` */
function etcdLine({ etcd, members }: ClusterStatus): string {
  if (members.length === 0) return `etcd: ${etcd}`;
  const voting = members.filter(({ role }) => role === 'voting').length;
  const list = members.map(({ name, role, serves, wanted }) => {
    const remarks = [
      ...(role === 'learner' ? ['learner'] : []),
      ...(serves ? [] : ['not serving']),
      ...(wanted ? [] : ['not in the inventory']),
    ];
    return remarks.length === 0 ? name : pc.red(`${name} (${remarks.join(', ')})`);
  });
  return `etcd ${etcd}: ${plural(voting, 'voting member')}, ${list.join(', ')}`;
}
