import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const verify: CommandModule<object, InventoryArgs> = {
  command: 'verify <inventory>',
  describe:
    'Real traffic: Pods, DNS, Services, load balancer, API; in a namespace of its own that is removed again',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'verbose')), {
      synopsis: 'verify INVENTORY',
      text: 'Asks with real traffic whether the cluster works: Pods across nodes, DNS, Services, load balancers, the API servers. Logs in to every host; makes Pods in a namespace of its own and removes it again. Nothing else is changed.',
      examples: [
        ['kboot verify prod.yaml', 'After `kboot up`, or when something is odd'],
        ['kboot verify prod.yaml -o json', 'A check event for each question'],
      ],
      exit: '0 everything works · 1 a check failed · 4 all passed, but a host could not be reached · 130 interrupted',
      seeAlso: ['status', 'up'],
    }),
  async handler(args) {
    const { runVerifyCommand } = await import('./verify-run.ts');
    process.exitCode = await runVerifyCommand(args);
  },
};
