import { plural } from '../model/plural.ts';
import type { CommandModule } from 'yargs';
import type { InventoryArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';
import { line } from '../view/printable.ts';

export const validate: CommandModule<object, InventoryArgs> = {
  command: 'validate <inventory>',
  describe: 'Check an inventory; contacts nothing',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs)), {
      synopsis: 'validate INVENTORY',
      text: 'Checks an inventory and the files that it references, and reports every problem at once as file:line:column. Contacts nothing and changes nothing.',
      examples: [
        ['kboot validate prod.yaml', 'Every problem at once, with its location'],
        ['kboot validate prod.yaml -o json', 'For a check before a merge'],
      ],
      exit: '0 valid, possibly with warnings · 3 not valid',
      seeAlso: ['init', 'plan', 'schema'],
    }),
  async handler(args) {
    const { readInventory } = await import('../app/read-inventory.ts');
    const { formatDiagnostic } = await import('../model/diagnostic.ts');
    const { event, note, print } = await import('./terminal.ts');
    const { cluster, warnings } = await readInventory(args.inventory);
    if (args.output === 'json')
      event({ type: 'valid', cluster: cluster.name, hosts: cluster.hosts.length, warnings });
    else {
      for (const warning of warnings) note(line`${formatDiagnostic(warning)}`);
      print(
        line`${args.inventory}: valid: ${cluster.name}, ${plural(cluster.hosts.length, 'host')}, Kubernetes ${cluster.kubernetesVersion}`,
      );
    }
  },
};
