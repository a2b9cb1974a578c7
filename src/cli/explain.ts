import type { CommandModule } from 'yargs';
import type { ExplainArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

export const explain: CommandModule<object, ExplainArgs> = {
  command: 'explain [code]',
  describe: 'Say what an error code means and what to do; all codes without one',
  builder: (yargs) =>
    manual(globalOptions(yargs), {
      synopsis: 'explain [CODE]',
      text: 'Says of an error code what has happened, what kboot did and did not do, and what to do now; without a code it lists all of them. Contacts nothing and changes nothing.',
      examples: [
        ['kboot explain E-QUORUM', 'One code'],
        ['kboot explain', 'All codes with their exit statuses'],
      ],
      exit: '0 · 3 there is no such code',
      seeAlso: ['status', 'unlock'],
    }).positional('code', { type: 'string', describe: 'As errors end with it; `E-` may be left out' }),
  async handler(args) {
    const { runExplain } = await import('./explain-run.ts');
    runExplain(args);
  },
};
