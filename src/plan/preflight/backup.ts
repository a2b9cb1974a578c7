import type { Cluster } from '../../model/cluster.ts';
import type { Inspection } from '../../model/inspection.ts';
import { backupState } from '../backup/state.ts';
import type { Finding } from './finding.ts';
import { remedies } from './remedies.ts';
import { remedyFields } from '../../model/language/text.ts';

/** Backups of etcd that failed or are overdue. */
export function failedBackups(cluster: Cluster, seen: ReadonlyMap<string, Inspection>): Finding[] {
  return (backupState(cluster, seen)?.problems ?? []).map(({ host, message }) => ({
    check: 'EtcdBackup',
    level: 'warning',
    host,
    message,
    ...remedyFields(remedies.repairBackup),
  }));
}
