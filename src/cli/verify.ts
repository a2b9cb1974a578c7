import type { CommandModule } from 'yargs';
import { globalOptions, inventoryPosition, type InventoryArgs } from './options.ts';

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
