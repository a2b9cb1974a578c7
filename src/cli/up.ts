import type { CommandModule } from 'yargs';
import type { UpArgs } from './args.ts';
import { manual } from './manual.ts';
import { planningOptions, yesOption } from './options.ts';

export const up: CommandModule<object, UpArgs> = {
  command: 'up <inventory>',
  describe: 'Make the cluster, or bring it back to what the inventory says',
  builder: (yargs) =>
    manual(yesOption(planningOptions(yargs)), {
      synopsis: 'up INVENTORY [--yes] [--until STAGE] [--limit HOST…] [--plan FILE]',
      text: 'Makes the cluster, or brings it back to what the inventory says: reads the hosts, shows the plan, asks, and does just that. Logs in to every host by SSH and changes it as root; issues certificates into the state folder. Run it again at any time: it goes on where it ended, mends what drifted, or says that there is nothing to do. Ctrl-C lets running steps end; a second one stops at once.',
      examples: [
        ['kboot up prod.yaml', 'Show the plan, ask, do it'],
        ['kboot up prod.yaml --until runtime', 'Only prepare the hosts'],
        ['kboot up prod.yaml --limit w-3', 'Only w-3'],
        ['kboot up prod.yaml --renew-certs', 'New certificates, one control plane after the other'],
        ['kboot up prod.yaml --plan p.json', 'The plan that was reviewed, or nothing'],
      ],
      exit: '0 done or nothing to do · 1 a step failed · 4 a host could not be reached · 5 preflight refused · 6 a host or the saved plan is stale · 7 another run holds the lock · 130 interrupted, or answered with no',
      seeAlso: ['plan', 'status', 'verify', 'explain'],
    })
      .option('plan', {
        type: 'string',
        requiresArg: true,
        describe: 'FILE: do what this plan of `kboot plan --out` says, if all is still as it was then',
      })
      .option('stats', {
        type: 'boolean',
        default: false,
        describe: 'Print commands run, bytes sent and read, and seconds, per host and stage',
      }),
  async handler(args) {
    const { runUp } = await import('./up-run.ts');
    process.exitCode = await runUp(args);
  },
};
