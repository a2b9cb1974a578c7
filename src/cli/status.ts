import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const status: CommandModule<object, InventoryArgs> = {
  command: 'status <inventory>',
  describe: 'Hosts, nodes, control-plane Pods, certificates, versions; changes nothing',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'state', 'concurrency', 'allow-hooks')), {
      synopsis: 'status INVENTORY',
      text: 'Shows the state of the cluster: hosts, nodes, control-plane Pods, etcd, certificates, versions. Logs in to every host and queries the API through the control plane; changes nothing.',
      examples: [
        ['kboot status prod.yaml', 'State of the cluster'],
        ['kboot status prod.yaml -o json', 'For monitoring: one event'],
      ],
      exit: '0 healthy · 1 something is not healthy · 4 a host could not be reached',
      seeAlso: ['verify', 'drift', 'explain'],
    }),
  async handler(args) {
    const { runStatus } = await import('./status-run.ts');
    process.exitCode = await runStatus(args);
  },
};
