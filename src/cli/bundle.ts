import type { CommandModule } from 'yargs';
import type { BundleCommandArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

export const bundle: CommandModule<object, BundleCommandArgs> = {
  command: 'bundle <action> <directory>',
  describe: 'Index or verify a folder of release files and images for air-gapped sites',
  builder: (yargs) =>
    manual(globalOptions(yargs), {
      synopsis: 'bundle ACTION DIRECTORY',
      text: 'Indexes or verifies a bundle: a folder of release files and images for hosts without a way to the internet. Contacts nothing. index writes DIRECTORY/bundle.json, verify changes nothing. Files lie in bin/linux-ARCH, archives/linux-ARCH and images/linux-ARCH.',
      examples: [
        ['kboot bundle index ./bundle', 'After files were collected or replaced'],
        ['kboot bundle verify ./bundle', 'Read every file and compare its SHA-256'],
        ['kboot up prod.yaml --bundle ./bundle', 'Use it'],
      ],
      exit: '0 done · 3 a file is missing or differs from its sum',
      seeAlso: ['up', 'render'],
    })
      .positional('action', {
        choices: ['index', 'verify'] as const,
        demandOption: true,
        describe: 'index: write bundle.json for the files that are there; verify: read all and compare',
      })
      .positional('directory', { type: 'string', demandOption: true, describe: 'The bundle' })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe: 'VERSION: of the files, for index; such as v1.36.2 (default: from the image tags)',
      }),
  async handler(args) {
    const { runBundle } = await import('./bundle-run.ts');
    await runBundle(args);
  },
};
