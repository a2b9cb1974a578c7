import type { CommandModule } from 'yargs';

export const schema: CommandModule = {
  command: 'schema',
  describe: 'Print the JSON Schema of the inventory',
  builder: (yargs) =>
    yargs.example('kboot schema > inventory.schema.json', 'For an editor that checks while you type'),
  async handler() {
    const { inventoryJsonSchema } = await import('../inventory/schema.ts');
    const { print } = await import('./terminal.ts');
    print(JSON.stringify(inventoryJsonSchema(), undefined, 2));
  },
};
