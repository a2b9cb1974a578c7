import type { CommandModule } from 'yargs';
import type { BundleCommandArgs } from './args.ts';
import { globalOptions } from './options.ts';

export const bundle: CommandModule<object, BundleCommandArgs> = {
  command: 'bundle <action> <directory>',
  describe: 'Index or verify a folder of release files and images for air-gapped sites',
  builder: (yargs) =>
    globalOptions(yargs)
      .positional('action', {
        choices: ['index', 'verify'] as const,
        demandOption: true,
        describe: 'index: write bundle.json for the files that are there; verify: read all and compare',
      })
      .positional('directory', { type: 'string', demandOption: true, describe: 'The bundle' })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe: 'Version of the files (default: from the image tags)',
      })
      .example('kboot bundle index ./bundle', 'After collecting files'),
  async handler(args) {
    const { runBundle } = await import('./bundle-run.ts');
    await runBundle(args);
  },
};
