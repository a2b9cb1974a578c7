import { etcdDataDir, type Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Resource } from '../../resource/types.ts';
import { filesFor, folders, membershipOf, textContext, textFile, type Desire } from '../context.ts';
import { pkiFiles, pkiResource } from '../pki-files.ts';
import { etcdUnit } from '../text/etcd.ts';

/** A member on a host of the role etcd: the binary as a systemd service, with kubeadm's PKI layout. */
export function etcdStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const stage = 'etcd';
  const { cluster, pki, renderer } = desire;
  const files = filesFor(desire, facts);
  const unit = etcdUnit(textContext(desire, facts), host, membershipOf(desire, host));
  return [
    {
      kind: 'archive',
      stage,
      name: 'etcd',
      artifact: files.get('etcd'),
      destination: '/usr/local/bin',
      members: ['etcd', 'etcdctl', 'etcdutl'],
      readBy: ['etcd'],
    },
    ...folders(stage, ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd']),
    { kind: 'directory', stage, path: etcdDataDir(cluster), mode: '700' },
    ...pkiFiles(cluster, host, pki, renderer)
      .filter((file) => file.part === 'etcd')
      .map((file) => pkiResource(file, stage)),
    textFile(stage, unit, ['etcd']),
    { kind: 'unit', stage, name: 'etcd' },
  ];
}
