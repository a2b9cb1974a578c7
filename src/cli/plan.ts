import type { CommandModule } from 'yargs';
import type { PlanArgs } from './args.ts';
import { bundleOption, globalOptions, inventoryPosition, scopeOptions } from './options.ts';

export const plan: CommandModule<object, PlanArgs> = {
  command: 'plan <inventory>',
  describe: 'Show exactly what `up` would do; changes nothing',
  builder: (yargs) =>
    scopeOptions(bundleOption(globalOptions(inventoryPosition(yargs))))
      .option('offline', { type: 'boolean', default: false, describe: 'Ask no host: assume fresh ones' })
      .option('detailed-exitcode', {
        type: 'boolean',
        default: false,
        describe: 'Exit 2 when something would change',
      })
      .example('kboot plan prod.yaml', 'Read the hosts and show what differs')
      .example('kboot plan prod.yaml --offline', 'What happens on fresh hosts'),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};

export const drift: CommandModule<object, PlanArgs> = {
  command: 'drift <inventory>',
  describe: 'Exit 2 and show the plan when anything differs from the inventory',
  builder: (yargs) =>
    scopeOptions(bundleOption(globalOptions(inventoryPosition(yargs))))
      .option('offline', { type: 'boolean', default: false, hidden: true })
      .option('detailed-exitcode', { type: 'boolean', default: true, hidden: true })
      .example('kboot drift prod.yaml -o json', 'For cron and CI'),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};
