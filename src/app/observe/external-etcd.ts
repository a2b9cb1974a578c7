import { etcdPrefix } from '../../desire/text/kube-apiserver.ts';
import { hostsWith } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import type { Inspection } from '../../model/inspection.ts';
import { judgeForeignEtcd, type EtcdAnswer } from '../../plan/etcd/external.ts';
import type { Finding } from '../../plan/preflight/finding.ts';
import type { Connections } from './connect.ts';
import type { Workplace } from '../workplace.ts';

/**
 * Asks the etcd that someone else runs, through every connected control-plane host; undefined where kboot runs
 * etcd. Throws KbootError E-PKI when its files could not be read.
 */
export async function askForeignEtcd(
  { cluster, foreignEtcd }: Workplace,
  connections: Connections,
): Promise<readonly EtcdAnswer[] | undefined> {
  const { external } = cluster.etcd;
  if (external === undefined) return undefined;
  if (foreignEtcd === undefined)
    throw new KbootError('E-PKI', 'the files of spec.etcd.external cannot be used; etcd was not asked');
  // TLS and HTTP cost start-up time that offline plans need not pay.
  const { observeForeignEtcd } = await import('../../observe/foreign-etcd.ts');
  const readers = hostsWith(cluster, 'control-plane').flatMap(
    ({ name }) => connections.open.get(name)?.reader ?? [],
  );
  return await observeForeignEtcd(readers, external.endpoints, foreignEtcd, etcdPrefix(cluster));
}

/** Whether the cluster exists in that etcd; throws what judgeForeignEtcd throws, and why no host could ask. */
export async function seeForeignEtcd(
  place: Workplace,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
): Promise<{ readonly state: 'absent' | 'present'; readonly findings: readonly Finding[] } | undefined> {
  const { cluster, desire } = place;
  const answers = await askForeignEtcd(place, connections);
  if (answers === undefined) return undefined;
  const names = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  if (answers.length === 0) {
    const cause = names.map((name) => connections.failed.get(name)).find((error) => error !== undefined);
    throw new KbootError(
      cause?.code ?? 'E-PROBE',
      `${names.join(', ')} could not be read${cause === undefined ? '' : `: ${cause.message}`}`,
      {
        ...cause?.context,
        host: names.join(', '),
        remedy:
          `${cause?.context.remedy ?? ''}\nOnly through a control-plane host can kboot ask spec.etcd.external whether the cluster exists. Nothing was changed.`.trim(),
      },
    );
  }
  return judgeForeignEtcd(answers, {
    prefix: etcdPrefix(cluster),
    clusterId: desire.clusterId,
    standing: names.filter((name) => {
      const seen = inspections.get(name);
      const ours = desire.clusterId !== undefined && seen?.clusterId === desire.clusterId;
      return ours && seen.manifests.includes('kube-apiserver.yaml');
    }),
    unread: names.filter((name) => !inspections.has(name)),
  });
}
