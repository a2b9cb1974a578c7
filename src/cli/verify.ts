import type { CommandModule } from 'yargs';
import type { VerifyArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const verify: CommandModule<object, VerifyArgs> = {
  command: 'verify <inventory>',
  describe:
    'Test with real traffic: Pods, DNS, Services, load balancer, API; in its own namespace, which is removed again',
  builder: (yargs) =>
    manual(
      inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose', 'allow-hooks')).option(
        'security',
        {
          type: 'boolean',
          default: false,
          describe: 'Test instead what servers refuse, log and encrypt, against spec.security',
        },
      ),
      {
        synopsis: 'verify INVENTORY [--security]',
        text: 'Tests the cluster with real traffic: Pods across nodes, DNS, Services, load balancers, the API servers. Logs in to every host; creates Pods in its own namespace and removes it again. Changes nothing else.',
        examples: [
          ['kboot verify prod.yaml', 'After `kboot up`, or when something seems wrong'],
          ['kboot verify prod.yaml -o json', 'One event per check'],
          ['kboot verify prod.yaml --security', 'Whether what the security profile promises is served'],
        ],
        exit: '0 everything works · 1 a check failed · 4 all passed, but a host could not be reached · 130 interrupted',
        seeAlso: ['status', 'up'],
      },
    ),
  async handler(args) {
    const { runVerifyCommand } = await import('./verify-run.ts');
    process.exitCode = await runVerifyCommand(args);
  },
};
