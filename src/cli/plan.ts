import type { Argv, CommandModule } from 'yargs';
import type { GlobalArgs, PlanArgs, PlanShowArgs } from './args.ts';
import { bundleOption, globalOptions, htmlOption, inventoryPosition, scopeOptions } from './options.ts';

const ofPlanAlone = [
  ...['inventory', 'state', 'concurrency', 'bundle', 'until', 'limit', 'ignore-preflight'],
  ...['offline', 'out', 'detailed-exitcode'],
];

const show: CommandModule<object, PlanShowArgs> = {
  command: 'show <file>',
  describe: 'Print a plan that `kboot plan --out` kept',
  // -o, --verbose, --color and --html come from `plan`.
  builder: (yargs) =>
    (yargs as Argv<GlobalArgs>)
      .positional('file', { type: 'string', demandOption: true, describe: 'The saved plan' })
      .example('kboot plan show p.json --verbose', 'With every script and name'),
  async handler(args) {
    const { runPlanShow } = await import('./plan-show-run.ts');
    await runPlanShow(args);
  },
};

/** Adds `show`, which none of plan's own flags concerns. */
function withShow<T>(yargs: Argv<T>): Argv<T> {
  // The types of yargs do not know the second parameter of `global`.
  const local = yargs.command(show as never) as unknown as {
    global(names: readonly string[], shared: boolean): Argv<T>;
  };
  return local.global(ofPlanAlone, false);
}

export const plan: CommandModule<object, PlanArgs> = {
  command: 'plan <inventory>',
  describe: 'Show exactly what `up` would do; changes nothing',
  builder: (yargs) =>
    withShow(htmlOption(scopeOptions(bundleOption(globalOptions(inventoryPosition(yargs))))))
      .option('offline', { type: 'boolean', default: false, describe: 'Ask no host: assume fresh ones' })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Keep the plan in this file, for `kboot up --plan`; it holds no secret',
      })
      .option('detailed-exitcode', {
        type: 'boolean',
        default: false,
        describe: 'Exit 2 when something would change',
      })
      .example('kboot plan prod.yaml', 'Read the hosts and show what differs')
      .example('kboot plan prod.yaml --offline', 'What happens on fresh hosts')
      .example(
        'kboot plan prod.yaml --out p.json',
        'Keep it: `kboot up prod.yaml --plan p.json` does just that',
      )
      .example('kboot plan prod.yaml --html plan.html', 'For a review in the browser'),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};

export const drift: CommandModule<object, PlanArgs> = {
  command: 'drift <inventory>',
  describe: 'Exit 2 and show the plan when anything differs from the inventory',
  builder: (yargs) =>
    htmlOption(scopeOptions(bundleOption(globalOptions(inventoryPosition(yargs)))))
      .option('offline', { type: 'boolean', default: false, hidden: true })
      .option('detailed-exitcode', { type: 'boolean', default: true, hidden: true })
      .example('kboot drift prod.yaml -o json', 'For cron and CI'),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};
