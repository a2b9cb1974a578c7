import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const status: CommandModule<object, InventoryArgs> = {
  command: 'status <inventory>',
  describe: 'Hosts, nodes, control-plane Pods, certificates, versions; changes nothing',
  builder: (yargs) =>
    globalOptions(inventoryPosition(yargs)).example('kboot status prod.yaml', 'How the cluster is'),
  async handler(args) {
    const { runStatus } = await import('./status-run.ts');
    process.exitCode = await runStatus(args);
  },
};
