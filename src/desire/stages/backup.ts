import { dirname } from 'node:path/posix';
import { backupUnit } from '../../model/backup.ts';
import type { Host } from '../../model/cluster.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Resource } from '../../resource/types.ts';
import { packageOf, textContext, textFile, type Desire } from '../context.ts';
import { backupFiles } from '../text/backup.ts';
import { paths } from '../text/paths.ts';

const stage = 'etcd';
const units: readonly string[] = [paths.backupTimer, paths.backupService];

/** Backups of etcd on a host with a member; without spec.etcd.backup, what an earlier inventory had of them is removed. */
export function backupStage(desire: Desire, host: Host, facts: HostFacts): readonly Resource[] {
  const { backup } = desire.cluster.etcd;
  const all = [
    ...[...units, paths.backupProgram],
    ...[paths.backupCredentials, paths.backupCa, paths.backupRecipients],
  ];
  if (backup === undefined) return [{ kind: 'timer', stage, name: backupUnit, wanted: false, files: all }];
  const files = backupFiles(textContext(desire, facts), host, backup);
  return [
    packageOf(desire, facts, stage, 'curl'),
    ...(backup.encryptFor === undefined ? [] : [packageOf(desire, facts, stage, 'openssl')]),
    { kind: 'directory', stage, path: backup.directory, mode: '700', keep: true },
    { kind: 'directory', stage, path: dirname(paths.backupProgram), mode: '755', keep: true },
    ...files.map((file) => textFile(stage, file, units.includes(file.path) ? [backupUnit] : undefined)),
    {
      kind: 'obsolete',
      stage,
      name: 'etcd-backup',
      patterns: [paths.backupCredentials, paths.backupCa, paths.backupRecipients],
      keep: files.map(({ path }) => path),
    },
    { kind: 'timer', stage, name: backupUnit, wanted: true, files: all },
  ];
}
