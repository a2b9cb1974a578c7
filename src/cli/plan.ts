import type { Argv, CommandModule } from 'yargs';
import type { GlobalArgs, PlanArgs, PlanShowArgs } from './args.ts';
import { manual } from './manual.ts';
import {
  bundleOption,
  deepOption,
  globalOptions,
  htmlOption,
  inventoryPosition,
  planningOptions,
  scopeOptions,
} from './options.ts';

const ofPlanAlone = [
  ...['inventory', 'state', 'concurrency', 'bundle', 'until', 'limit', 'ignore-preflight'],
  ...['allow-hooks', 'offline', 'out', 'detailed-exitcode', 'renew-certs', 'deep'],
];

const show: CommandModule<object, PlanShowArgs> = {
  command: 'show <file>',
  describe: 'Print a plan saved by `kboot plan --out`',
  // -o, --verbose, --color and --html come from `plan`.
  builder: (yargs) =>
    manual(yargs as Argv<GlobalArgs>, {
      synopsis: 'plan show FILE',
      text: 'Prints a plan saved by `kboot plan --out`, as it was printed then. Contacts nothing and changes nothing.',
      examples: [
        ['kboot plan show p.json --verbose', 'With every script and name'],
        ['kboot plan show p.json -o json', 'For programs; `kboot schema plan` describes it'],
      ],
      exit: '0 · 3 the file is not a complete plan',
      seeAlso: ['plan', 'up', 'schema plan'],
    }).positional('file', {
      type: 'string',
      demandOption: true,
      describe: 'The saved plan',
    }),
  async handler(args) {
    const { runPlanShow } = await import('./plan-show-run.ts');
    await runPlanShow(args);
  },
};

/** Adds `show`, which does not accept the flags of plan. */
function withShow<T>(yargs: Argv<T>): Argv<T> {
  // The types of yargs lack the second parameter of `global`.
  const local = yargs.command(show as never) as unknown as {
    global(names: readonly string[], shared: boolean): Argv<T>;
  };
  return local.global(ofPlanAlone, false);
}

export const plan: CommandModule<object, PlanArgs> = {
  command: 'plan <inventory>',
  describe: 'Show exactly what `up` would do; changes nothing',
  builder: (yargs) =>
    withShow(
      manual(planningOptions(yargs), {
        synopsis: 'plan INVENTORY [--offline] [--out FILE] [--until STAGE] [--limit HOST…]',
        text: 'Shows exactly what `kboot up` would do: every step, with the diff of every file that changes. Logs in to every host and reads it as root, and queries etcd and the API if they run; changes nothing. Secrets appear only by name and digest.',
        examples: [
          ['kboot plan prod.yaml', 'Read the hosts and show what differs'],
          ['kboot plan prod.yaml --offline', 'What would happen on fresh hosts; contacts nothing'],
          [
            'kboot plan prod.yaml --out p.json',
            'Save it: `kboot up prod.yaml --plan p.json` applies exactly this plan',
          ],
          ['kboot plan prod.yaml --html plan.html', 'For a review in the browser'],
        ],
        exit: '0 the plan was made, with or without changes · 2 changes are pending (--detailed-exitcode) · 4 a host could not be read · 5 preflight has an error',
        seeAlso: ['up', 'drift', 'plan show', 'explain'],
      }),
    )
      .option('offline', {
        type: 'boolean',
        default: false,
        describe: 'Contact no host: assume that all hosts are fresh',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'FILE: save the plan there, for `kboot up --plan`; it contains no secret, mode 0600',
      })
      .option('detailed-exitcode', {
        type: 'boolean',
        default: false,
        describe: 'Exit 2 when the plan has steps or certificates to issue',
      }),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};

export const drift: CommandModule<object, PlanArgs> = {
  command: 'drift <inventory>',
  describe: 'Exit with 2 and show the plan if anything differs from the inventory',
  builder: (yargs) =>
    manual(
      deepOption(
        htmlOption(
          bundleOption(
            scopeOptions(
              inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks')),
            ),
          ),
        ),
      ),
      {
        synopsis: 'drift INVENTORY',
        text: 'Checks whether hosts and cluster still match the inventory, and prints the plan that would repair them. Logs in to every host and reads it as root; changes nothing. For cron and CI, the exit status is enough.',
        examples: [
          ['kboot drift prod.yaml', 'What differs'],
          ['kboot drift prod.yaml -o json', 'One event per finding, then the plan'],
          ['kboot drift prod.yaml --limit w-3', 'One host, and the control plane'],
          ['kboot drift prod.yaml --deep', 'Once a day: read every file, whatever is recorded of it'],
        ],
        exit: '0 nothing differs · 2 something does · 4 a host could not be read · 5 preflight has an error',
        seeAlso: ['plan', 'up', 'status'],
      },
    )
      .option('offline', { type: 'boolean', default: false, hidden: true })
      .option('detailed-exitcode', { type: 'boolean', default: true, hidden: true }),
  async handler(args) {
    const { runPlan } = await import('./plan-run.ts');
    process.exitCode = await runPlan(args);
  },
};
