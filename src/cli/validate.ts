import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const validate: CommandModule<object, InventoryArgs> = {
  command: 'validate <inventory>',
  describe: 'Check an inventory; contacts nothing',
  builder: (yargs) =>
    globalOptions(inventoryPosition(yargs)).example(
      'kboot validate prod.yaml',
      'Every problem at once, with its place',
    ),
  async handler(args) {
    const { readInventory } = await import('../app/read-inventory.ts');
    const { formatDiagnostic } = await import('../model/diagnostic.ts');
    const { event, note, print } = await import('./terminal.ts');
    const { cluster, warnings } = readInventory(args.inventory);
    if (args.output === 'json')
      event({ type: 'valid', cluster: cluster.name, hosts: cluster.hosts.length, warnings });
    else {
      for (const warning of warnings) note(formatDiagnostic(warning));
      print(
        `${args.inventory}: valid: ${cluster.name}, ${cluster.hosts.length} hosts, Kubernetes ${cluster.kubernetesVersion}`,
      );
    }
  },
};
