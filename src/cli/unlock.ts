import type { CommandModule } from 'yargs';
import type { UnlockArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const unlock: CommandModule<object, UnlockArgs> = {
  command: 'unlock <inventory>',
  describe: 'Show who holds the lock of the state folder, and remove a stale lock',
  builder: (yargs) =>
    manual(yesOption(inventoryPosition(globalOptions(yargs, 'state'))), {
      synopsis: 'unlock INVENTORY [--yes]',
      text: 'Shows who holds the lock of the state folder, and removes a stale lock after confirmation. Contacts nothing. Never removes the lock of a process that is running on this machine. The lock of a run that died needs no removal: the next run takes it over, at once on the same machine, after 30 s without a heartbeat elsewhere.',
      examples: [
        ['kboot unlock prod.yaml', 'Show it, ask, remove it'],
        ['kboot unlock prod.yaml --yes', 'Remove it; its process must be gone or on another machine'],
      ],
      exit: '0 the lock was not held, or was removed · 7 its process is running on this machine · 130 answered no',
      seeAlso: ['up', 'explain'],
    }),
  async handler(args) {
    const { runUnlock } = await import('./unlock-run.ts');
    process.exitCode = await runUnlock(args);
  },
};
