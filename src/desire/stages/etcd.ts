import type { Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { ArchiveResource, Resource } from '../../resource/types.ts';
import { filesFor, folders, membershipOf, textContext, textFile, type Desire } from '../context.ts';
import { etcdFolder } from '../etcd-owner.ts';
import { pkiFiles, pkiResource } from '../pki-files.ts';
import { etcdUnit } from '../text/etcd.ts';
import { backupStage } from './backup.ts';

/** etcd's programs. */
export function etcdArchive(desire: Desire, facts: Pick<HostFacts, 'architecture'>): ArchiveResource {
  return {
    kind: 'archive',
    stage: 'etcd',
    name: 'etcd',
    artifact: filesFor(desire, facts).get('etcd'),
    destination: '/usr/local/bin',
    members: ['etcd', 'etcdctl', 'etcdutl'],
    readBy: ['etcd'],
  };
}

/** A member on a host of the role etcd: the binary as a systemd service, with kubeadm's PKI layout. */
export function etcdStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'etcd';
  const { cluster, pki, renderer } = desire;
  const unit = etcdUnit(textContext(desire, facts), host, membershipOf(desire, host));
  return [
    etcdArchive(desire, facts),
    ...folders(stage, ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd']),
    ...etcdFolder(cluster),
    ...pkiFiles(cluster, host, pki, renderer)
      .filter((file) => file.part === 'etcd')
      .map((file) => pkiResource(file, stage)),
    textFile(stage, unit, ['etcd']),
    { kind: 'unit', stage, name: 'etcd' },
    ...backupStage(desire, host, facts),
  ];
}
