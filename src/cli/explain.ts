import type { CommandModule } from 'yargs';
import type { ExplainArgs } from './args.ts';
import { globalOptions } from './options.ts';

export const explain: CommandModule<object, ExplainArgs> = {
  command: 'explain [code]',
  describe: 'Say what an error code means and what to do; all codes without one',
  builder: (yargs) =>
    globalOptions(yargs)
      .positional('code', { type: 'string', describe: 'A code as errors end with it; E- may be left out' })
      .example('kboot explain E-QUORUM', 'What has happened, and what to do'),
  async handler(args) {
    const { runExplain } = await import('./explain-run.ts');
    runExplain(args);
  },
};
