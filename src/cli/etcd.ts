import type { CommandModule } from 'yargs';
import type { EtcdArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const etcd: CommandModule<object, EtcdArgs> = {
  command: 'etcd <action> <inventory> [snapshot]',
  describe: 'Snapshots of etcd: take, list and restore them; its members, and their space',
  builder: (yargs) =>
    manual(
      yesOption(inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks'))),
      {
        synopsis: 'etcd ACTION INVENTORY [SNAPSHOT] [flags]',
        text: `Works on the etcd that kboot runs for the cluster.

snapshot streams a snapshot from the most advanced member into the state folder, and checks it against its own SHA-256; it needs no quorum. list shows the snapshots there, and those that hosts took by themselves for spec.etcd.backup. members shows every member, and exits with 1 if one is not healthy. defrag gives the free pages of each member's database back to the file system: one member at a time, the leader last, each healthy before the next, only those that gain a tenth or more; afterwards it disarms their alarms NOSPACE. Logs in to the hosts of the members; list does so only with spec.etcd.backup. Only defrag disturbs etcd: a member does not respond meanwhile, for some seconds.

restore shows a plan, asks, and applies it: every host of a member makes new data from the snapshot beside its present data; then API servers and etcd stop everywhere, the new data take the place of the former, which are kept, and everything starts. With --from-survivor, for a quorum that is lost for good, the data are those of the most advanced member that is left. Hosts that are not installed yet join afterwards, by \`kboot up\`. A snapshot on a host, HOST:NAME or HOST:/PATH, is first copied into the state folder, decrypted if it is encrypted. If the run ends early, run the same command again.

A snapshot contains everything in the cluster, Secrets as etcd holds them (spec.encryption): protect it like the state folder.`,
        examples: [
          ['kboot etcd snapshot prod.yaml', 'Into .kboot/prod/snapshots beside the inventory'],
          ['kboot etcd list prod.yaml', 'Which snapshots there are, and whether they are intact'],
          ['kboot etcd members prod.yaml -o json', 'For monitoring: one event'],
          ['kboot etcd defrag prod.yaml', 'After much was deleted, or at an alarm NOSPACE'],
          ['kboot etcd restore prod.yaml backup.db', 'Go back to a snapshot'],
          ['kboot etcd restore prod.yaml cp-1:etcd-backup-cp-1-2026-11-28T03-00-12Z.db', 'From a host'],
          ['kboot etcd restore prod.yaml etcd-backup.db.cms --key backup.key', 'One that hosts encrypted'],
          ['kboot etcd restore prod.yaml --from-survivor', 'Two of three members are lost for good'],
        ],
        exit: '0 done · 1 a member is not healthy, or etcd refused · 3 the snapshot cannot be restored · 4 a host could not be reached · 5 a member or a host does not allow it · 7 another run holds the lock',
        seeAlso: ['status', 'up', 'explain'],
      },
    )
      .positional('action', {
        choices: ['snapshot', 'list', 'members', 'defrag', 'restore'] as const,
        demandOption: true,
        describe: 'What to do',
      })
      .positional('snapshot', {
        type: 'string',
        describe:
          'For restore: a path, the name of a snapshot in the state folder, or HOST:NAME for one on a host',
      })
      .option('from-survivor', {
        type: 'boolean',
        default: false,
        describe: 'For restore: from the most advanced member that is left, instead of a snapshot',
      })
      .option('lost', {
        type: 'string',
        array: true,
        requiresArg: true,
        default: [] as string[],
        coerce: (names: readonly string[]) => names.flatMap((name) => name.split(',')),
        describe:
          'HOST…: for restore: hosts that cannot be reached, and whose etcd will never run again; must come after SNAPSHOT',
      })
      .option('key', {
        type: 'string',
        requiresArg: true,
        describe:
          'FILE: for restore: the private key that decrypts a snapshot of spec.etcd.backup.encryptFor (default: KBOOT_BACKUP_KEY, or backup.key in the state folder)',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'For defrag: also members that gain little',
      }),
  async handler(args) {
    const { runEtcd } = await import('./etcd-run.ts');
    process.exitCode = await runEtcd(args);
  },
};
