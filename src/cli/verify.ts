import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const verify: CommandModule<object, InventoryArgs> = {
  command: 'verify <inventory>',
  describe:
    'Real traffic: Pods, DNS, Services, load balancer, API; in a namespace of its own that is removed again',
  builder: (yargs) =>
    globalOptions(inventoryPosition(yargs)).example('kboot verify prod.yaml', 'Whether the cluster works'),
  async handler(args) {
    const { runVerifyCommand } = await import('./verify-run.ts');
    process.exitCode = await runVerifyCommand(args);
  },
};
