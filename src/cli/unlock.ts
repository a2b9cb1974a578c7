import type { CommandModule } from 'yargs';
import type { UnlockArgs } from './args.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const unlock: CommandModule<object, UnlockArgs> = {
  command: 'unlock <inventory>',
  describe: 'Show who holds the lock of the state folder, and remove a lock that nobody holds any more',
  builder: (yargs) =>
    yesOption(globalOptions(inventoryPosition(yargs))).example(
      'kboot unlock prod.yaml',
      'Show it, ask, remove it',
    ),
  async handler(args) {
    const { runUnlock } = await import('./unlock-run.ts');
    process.exitCode = await runUnlock(args);
  },
};
