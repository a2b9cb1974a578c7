import type { Cluster } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import { plural } from '../model/plural.ts';
import { view } from './printable.ts';

/** What became of a state folder that was read back from hosts, and what to do next. */
export const adoptedStateText = view(composeAdoptedStateText);

function composeAdoptedStateText({
  dir,
  clusterId,
  written,
  files,
  issued,
  unread,
  inventory,
}: {
  readonly dir: string;
  readonly clusterId: string;
  readonly written: boolean;
  readonly files: number;
  readonly issued: readonly string[];
  readonly unread: readonly string[];
  readonly inventory: string;
}): string {
  const id = clusterId.replace('sha256:', '').slice(0, 12);
  const lacking =
    issued.length === 0
      ? []
      : [
          `Issued, since ${unread.length > 0 ? `${few(unread, 3)} could not be read` : 'no host has them'}: ${few(issued, 4)}. \`kboot plan\` shows what changes because of that.`,
        ];
  return [
    written
      ? `${dir} written: ${plural(files, 'file')} with the certificates and keys of cluster ${id}. Nothing was changed on hosts.`
      : `${dir} is there, and equals what the hosts have: ${plural(files, 'file')} with the certificates and keys of cluster ${id}. Nothing was written.`,
    ...lacking.map((line) => `  ${line}`),
    ...(written
      ? ['  Run logs and snapshots of etcd are not on hosts, and stay lost.', `Next: kboot plan ${inventory}`]
      : []),
  ].join('\n');
}

/** What was written for a cluster that was taken over; the plan follows. */
export const adoptedClusterText = view(composeAdoptedClusterText);

function composeAdoptedClusterText({
  file,
  dir,
  clusterId,
  files,
  issued,
  cluster,
}: {
  readonly file: string;
  readonly dir: string;
  readonly clusterId: string;
  readonly files: number;
  readonly issued: readonly string[];
  readonly cluster: Cluster;
}): string {
  return [
    `${file} written: ${cluster.name}, Kubernetes ${cluster.kubernetesVersion}, ${plural(cluster.hosts.length, 'host')}`,
    `${dir} written: ${plural(files, 'file')} with the certificates and keys of cluster ${clusterId.replace('sha256:', '').slice(0, 12)}`,
    ...(issued.length === 0
      ? []
      : [`  Issued, since hosts keep them elsewhere or not at all: ${few(issued, 4)}`]),
    'Nothing was changed on hosts. Read the inventory; this is what `kboot up` would do:',
  ].join('\n');
}
