import type { CommandModule } from 'yargs';
import { manual } from './manual.ts';

const subjects = ['inventory', 'plan'] as const;

export const schema: CommandModule<object, { subject: (typeof subjects)[number] }> = {
  command: 'schema [subject]',
  describe: 'Print the JSON Schema of the inventory, or of a saved plan',
  builder: (yargs) =>
    manual(yargs, {
      synopsis: 'schema [SUBJECT]',
      text: 'Prints the JSON Schema of the inventory or of a saved plan. Editors use it to complete and check an inventory. Contacts nothing and changes nothing.',
      examples: [
        ['kboot schema > inventory.schema.json', 'Next to the inventory, whose first line refers to it'],
        ['kboot schema plan', 'For programs that read `kboot plan --out`'],
      ],
      exit: '0',
      seeAlso: ['init', 'validate', 'plan'],
    }).positional('subject', {
      choices: subjects,
      default: 'inventory' as const,
      describe: 'inventory or plan (default: inventory)',
    }),
  async handler({ subject }) {
    const { print } = await import('./terminal.ts');
    print(JSON.stringify(await schemaOf(subject), undefined, 2));
  },
};

async function schemaOf(subject: (typeof subjects)[number]): Promise<object> {
  if (subject === 'plan') return (await import('../plan/saved-schema.ts')).savedPlanJsonSchema();
  return (await import('../inventory/schema.ts')).inventoryJsonSchema();
}
