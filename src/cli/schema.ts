import type { CommandModule } from 'yargs';
import { visibleJson } from '../model/visible.ts';
import type { SchemaArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

const subjects: readonly SchemaArgs['subject'][] = ['inventory', 'plan', 'events'];

export const schema: CommandModule<object, SchemaArgs> = {
  command: 'schema [subject]',
  describe: 'Print the JSON Schema of the inventory, of a saved plan, or of the events of -o json',
  builder: (yargs) =>
    manual(globalOptions(yargs), {
      synopsis: 'schema [SUBJECT]',
      text: 'Prints the JSON Schema of the inventory, of a saved plan or of the events that -o json prints. Editors use it to complete and check an inventory. Contacts nothing and changes nothing.',
      examples: [
        ['kboot schema > inventory.schema.json', 'Next to the inventory, whose first line refers to it'],
        ['kboot schema plan', 'For programs that read `kboot plan --out`'],
        ['kboot schema events', 'For programs that read -o json'],
      ],
      exit: '0',
      seeAlso: ['init', 'validate', 'plan'],
    }).positional('subject', {
      choices: subjects,
      default: 'inventory' as const,
      describe: 'inventory, plan or events (default: inventory)',
    }),
  async handler({ subject, output }) {
    const { event, print } = await import('./terminal.ts');
    const { block } = await import('../view/printable.ts');
    const found = await schemaOf(subject);
    if (output === 'json') event({ type: 'schema', name: subject, schema: { ...found } });
    else print(block(visibleJson(found, 2)));
  },
};

async function schemaOf(subject: SchemaArgs['subject']): Promise<object> {
  if (subject === 'plan') return (await import('../plan/saved/schema.ts')).savedPlanJsonSchema();
  if (subject === 'events') return (await import('../view/event-schema.ts')).eventJsonSchema();
  return (await import('../inventory/json-schema.ts')).inventoryJsonSchema();
}
