import type { CommandModule } from 'yargs';
import type { ExplainArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

export const explain: CommandModule<object, ExplainArgs> = {
  command: 'explain [code]',
  describe: 'Explain an error code and its remedy; without a code, list all',
  builder: (yargs) =>
    manual(globalOptions(yargs), {
      synopsis: 'explain [CODE]',
      text: 'Explains an error code: what happened, what kboot did and did not do, and what to do next. Without a code, lists all codes. Contacts nothing and changes nothing.',
      examples: [
        ['kboot explain E-QUORUM', 'One code'],
        ['kboot explain', 'All codes with their exit statuses'],
      ],
      exit: '0 · 3 unknown code',
      seeAlso: ['status', 'unlock'],
    }).positional('code', {
      type: 'string',
      describe: 'The code at the end of an error message; `E-` may be omitted',
    }),
  async handler(args) {
    const { runExplain } = await import('./explain-run.ts');
    runExplain(args);
  },
};
