import type { CommandModule } from 'yargs';
import type { UnlockArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const unlock: CommandModule<object, UnlockArgs> = {
  command: 'unlock <inventory>',
  describe: 'Show who holds the lock of the state folder, and remove a lock that nobody holds any more',
  builder: (yargs) =>
    manual(yesOption(inventoryPosition(globalOptions(yargs, 'state'))), {
      synopsis: 'unlock INVENTORY [--yes]',
      text: 'Shows who holds the lock of the state folder, and removes a lock that nobody holds any more, after a question. Contacts nothing. The lock of a process that lives on this machine is left alone. A run that died frees the lock by itself: at once on this machine, after 30 s of silence elsewhere.',
      examples: [
        ['kboot unlock prod.yaml', 'Show it, ask, remove it'],
        ['kboot unlock prod.yaml --yes', 'Remove it; its process must be gone or elsewhere'],
      ],
      exit: '0 nobody held it, or it was removed · 7 its process lives on this machine · 130 answered with no',
      seeAlso: ['up', 'explain'],
    }),
  async handler(args) {
    const { runUnlock } = await import('./unlock-run.ts');
    process.exitCode = await runUnlock(args);
  },
};
