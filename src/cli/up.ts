import type { CommandModule } from 'yargs';
import type { UpArgs } from './args.ts';
import {
  bundleOption,
  globalOptions,
  htmlOption,
  inventoryPosition,
  scopeOptions,
  yesOption,
} from './options.ts';

export const up: CommandModule<object, UpArgs> = {
  command: 'up <inventory>',
  describe: 'Make the cluster, or bring it back to what the inventory says',
  builder: (yargs) =>
    yesOption(htmlOption(scopeOptions(bundleOption(globalOptions(inventoryPosition(yargs))))))
      .option('plan', {
        type: 'string',
        requiresArg: true,
        describe: 'Do what this file of `kboot plan --out` says, if all is still as it was then',
      })
      .option('stats', {
        type: 'boolean',
        default: false,
        describe: 'Print execs, bytes and seconds per host and stage',
      })
      .example('kboot up prod.yaml', 'Show the plan, ask, do it')
      .example('kboot up prod.yaml --until runtime', 'Only prepare the hosts')
      .example('kboot up prod.yaml --limit w-3', 'Only w-3')
      .example('kboot up prod.yaml --plan p.json', 'The plan that was reviewed, or nothing'),
  async handler(args) {
    const { runUp } = await import('./up-run.ts');
    process.exitCode = await runUp(args);
  },
};
