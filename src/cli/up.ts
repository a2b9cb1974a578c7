import type { CommandModule } from 'yargs';
import type { UpArgs } from './args.ts';
import { manual } from './manual.ts';
import { planningOptions, traceOption, yesOption } from './options.ts';
import { rotatable, type Rotatable } from '../model/pki.ts';

export const up: CommandModule<object, UpArgs> = {
  command: 'up <inventory>',
  describe: 'Create the cluster, or bring it back to the state in the inventory',
  builder: (yargs) =>
    manual(traceOption(yesOption(planningOptions(yargs))), {
      synopsis: 'up INVENTORY [--yes] [--until STAGE] [--limit HOST…] [--plan FILE]',
      text: 'Creates the cluster, or brings it back to the state in the inventory: reads the hosts, shows the plan, asks for confirmation, and applies exactly that plan. Logs in to every host over SSH and changes it as root; issues certificates into the state folder. Run it again at any time: it resumes where it stopped, repairs drift, or reports that there is nothing to do. Ctrl-C lets running steps finish; a second Ctrl-C stops at once.',
      examples: [
        ['kboot up prod.yaml', 'Show the plan, ask, apply it'],
        ['kboot up prod.yaml --until runtime', 'Only prepare the hosts'],
        ['kboot up prod.yaml --limit w-3', 'Only w-3'],
        ['kboot up prod.yaml --limit label=zone=a', 'Only hosts with this label'],
        ['kboot up prod.yaml --max-failures 10%', 'Stop once a tenth of the hosts has failed'],
        ['kboot up prod.yaml --renew-certs', 'Renew certificates, one control plane at a time'],
        ['kboot up prod.yaml --rotate-ca ca sa', 'Exchange the CA and the key of tokens'],
        ['kboot up prod.yaml --through', 'Upgrade over several minor versions'],
        ['kboot up prod.yaml --plan p.json', 'Apply the reviewed plan, or nothing'],
      ],
      exit: '0 done or nothing to do · 1 a step failed · 4 a host could not be reached · 5 preflight refused · 6 a host or the saved plan is stale · 7 another run holds the lock · 130 interrupted, or answered no',
      seeAlso: ['plan', 'status', 'verify', 'explain'],
    })
      .option('plan', {
        type: 'string',
        requiresArg: true,
        describe: 'FILE: apply this plan saved by `kboot plan --out`, unless something has changed since',
      })
      .option('through', {
        type: 'boolean',
        default: false,
        describe:
          'Go through the minor versions between the one of the cluster and the one of the inventory, one upgrade after another',
      })
      .option('rotate-ca', {
        array: true,
        requiresArg: true,
        choices: rotatable,
        default: [] as Rotatable[],
        describe:
          "CA…: exchange these for new ones: ca, the cluster's; front-proxy-ca; etcd-ca, etcd's own; sa, the key of ServiceAccount tokens (must come after INVENTORY); `kboot up` goes on with it after an interruption",
      })
      .option('fail-fast', {
        type: 'boolean',
        default: false,
        describe: 'Start nothing new once a host has failed; what runs ends',
      })
      .option('max-failures', {
        type: 'string',
        requiresArg: true,
        describe:
          'N or P%: start nothing new once so many hosts, or this part of them, have failed or could not be read; what runs ends (default: go on with the other hosts)',
      })
      .option('stats', {
        type: 'boolean',
        default: false,
        describe:
          'Print the number of commands, bytes sent and received, CPU time, and seconds, per host and stage; and the longest chain of things that waited for each other',
      }),
  async handler(args) {
    const { runUp } = await import('./up-run.ts');
    process.exitCode = await runUp(args);
  },
};
