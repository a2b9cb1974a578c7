import type { CommandModule } from 'yargs';
import type { ResetArgs } from './args.ts';
import { globalOptions, inventoryPosition, yesOption } from './options.ts';

export const reset: CommandModule<object, ResetArgs> = {
  command: 'reset <inventory>',
  describe: 'Take the cluster away again: hosts are as before `up`; workloads and their data are lost',
  builder: (yargs) =>
    yesOption(globalOptions(inventoryPosition(yargs)))
      .option('limit', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'Reset these hosts only',
      })
      .example('kboot reset lab.yaml', 'Show what goes, ask, do it'),
  async handler(args) {
    const { runReset } = await import('./reset-run.ts');
    process.exitCode = await runReset(args);
  },
};
