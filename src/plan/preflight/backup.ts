import type { Cluster } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { backupState } from '../backup/state.ts';
import type { Finding } from './finding.ts';

/** Backups of etcd that failed or are overdue. */
export function failedBackups(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  return (backupState(cluster, seen)?.problems ?? []).map(({ host, message }) => ({
    check: 'EtcdBackup',
    level: 'warning',
    host,
    message,
    remedy:
      'Repair what it names; the next run is at the next time of spec.etcd.backup.schedule, or: systemctl start kboot-etcd-backup.service',
  }));
}
