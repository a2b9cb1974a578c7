import type { CommandModule } from 'yargs';

const subjects = ['inventory', 'plan'] as const;

export const schema: CommandModule<object, { subject: (typeof subjects)[number] }> = {
  command: 'schema [subject]',
  describe: 'Print the JSON Schema of the inventory, or of a saved plan',
  builder: (yargs) =>
    yargs
      .positional('subject', {
        choices: subjects,
        default: 'inventory' as const,
        describe: 'Which file is described',
      })
      .example('kboot schema > inventory.schema.json', 'For an editor that checks while you type')
      .example('kboot schema plan', 'For programs that read `kboot plan --out`'),
  async handler({ subject }) {
    const { print } = await import('./terminal.ts');
    print(JSON.stringify(await schemaOf(subject), undefined, 2));
  },
};

async function schemaOf(subject: (typeof subjects)[number]): Promise<object> {
  if (subject === 'plan') return (await import('../plan/saved-schema.ts')).savedPlanJsonSchema();
  return (await import('../inventory/schema.ts')).inventoryJsonSchema();
}
