import { etcdDataDir, type Cluster } from '../model/cluster.ts';
import { etcdUserName, newEtcdId } from '../model/etcd-user.ts';
import type { DirectoryResource, Resource, StaticPodResource } from '../resource/types.ts';
import { etcdKeys } from './pki-files.ts';

/** The user that etcd runs as, if it is not root. */
export function etcdOwner({ security }: Cluster): string | undefined {
  return security.etcdUser === 'root' ? undefined : etcdUserName;
}

/** That user, and its folder of etcd's data. */
export function etcdFolder(cluster: Cluster): readonly Resource[] {
  const owner = etcdOwner(cluster);
  const folder: DirectoryResource = {
    kind: 'directory',
    stage: 'etcd',
    path: etcdDataDir(cluster),
    mode: '700',
    ...(owner !== undefined && { owner }),
  };
  return owner === undefined
    ? [folder]
    : [{ kind: 'user', stage: 'etcd', name: owner, id: newEtcdId }, folder];
}

/**
 * What must be its user's when etcd starts. Root can read everything: what another user owned becomes its own then, and
 * not while etcd still runs as that user.
 */
export function etcdOwns(cluster: Cluster): NonNullable<StaticPodResource['owns']> {
  return { user: etcdOwner(cluster) ?? 'root', paths: [etcdDataDir(cluster), ...etcdKeys] };
}
