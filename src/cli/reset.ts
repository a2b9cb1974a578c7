import type { CommandModule } from 'yargs';
import type { ResetArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, limitOption, yesOption } from './options.ts';

export const reset: CommandModule<object, ResetArgs> = {
  command: 'reset <inventory>',
  describe:
    'Remove the cluster: restores hosts to their state before `up`; workloads and their data are lost',
  builder: (yargs) =>
    manual(
      limitOption(
        yesOption(inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks'))),
      ),
      {
        synopsis: 'reset INVENTORY [--limit HOST…] [--delete-backups] [--yes]',
        text: 'Removes the cluster: stops its services, and restores hosts to their state before `up`. Workloads and their data are lost. Logs in to the hosts, shows what will be removed, asks for confirmation, and removes it. With --limit the named hosts leave a cluster that keeps running. Packages, snapshots of etcd on hosts (see --delete-backups) and the state folder stay.',
        examples: [
          ['kboot reset lab.yaml', 'Show what will be removed, ask, remove it'],
          ['kboot reset prod.yaml --limit w-3', 'Only w-3, which leaves the cluster first'],
          ['kboot reset lab.yaml --delete-backups', 'With the snapshots that hosts took'],
          ['kboot reset lab.yaml --yes', 'In a script'],
        ],
        exit: '0 done or nothing to reset · 1 a step failed · 4 a host could not be reached · 5 a host belongs to another cluster · 7 another run holds the lock · 130 interrupted, or answered no',
        seeAlso: ['up', 'unlock'],
      },
    ).option('delete-backups', {
      type: 'boolean',
      default: false,
      describe:
        'Also delete the snapshots that hosts took for spec.etcd.backup; copies in S3 and in the state folder stay',
    }),
  async handler(args) {
    const { runReset } = await import('./reset-run.ts');
    process.exitCode = await runReset(args);
  },
};
