import type { CommandModule } from 'yargs';
import type { UnlockArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const unlock: CommandModule<object, UnlockArgs> = {
  command: 'unlock <inventory>',
  describe: 'Show who holds the locks of the state folder and the cluster, and remove stale ones',
  builder: (yargs) =>
    manual(
      yesOption(inventoryPosition(globalOptions(yargs, 'state', 'concurrency'))).option('local', {
        type: 'boolean',
        default: false,
        describe: 'Only the lock of the state folder; contacts nothing',
      }),
      {
        synopsis: 'unlock INVENTORY [--local] [--yes]',
        text: 'Shows who holds the lock of the state folder, and that of the cluster on its control planes (/run/kboot) and in its API (Lease kube-system/kboot), and removes each after confirmation. A control plane that cannot be reached is only reported. Never removes the lock of a run that is alive: its process is on this machine, or its heartbeats arrive. The lock of a run that died needs no removal: the next run takes it over, at once on the same machine, after 30 s without a heartbeat elsewhere.',
        examples: [
          ['kboot unlock prod.yaml', 'Show it, ask, remove it'],
          ['kboot unlock prod.yaml --yes', 'Remove it; its process must be gone or silent'],
          ['kboot unlock prod.yaml --local', 'Only the lock of the state folder'],
        ],
        exit: '0 no lock was held, or each was removed · 7 the run that holds it is alive · 130 answered no',
        seeAlso: ['up', 'explain'],
      },
    ),
  async handler(args) {
    const { runUnlock } = await import('./unlock-run.ts');
    process.exitCode = await runUnlock(args);
  },
};
