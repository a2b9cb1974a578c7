import type { CommandModule } from 'yargs';
import { kbootVersion } from '../model/kboot-version.ts';
import { manual } from './manual.ts';

export const version: CommandModule = {
  command: 'version',
  describe: 'Print the version of kboot and the Kubernetes versions it supports',
  builder: (yargs) =>
    manual(yargs, {
      synopsis: 'version',
      text: 'Prints the version of kboot and the Kubernetes versions that it can install. Contacts nothing and changes nothing.',
      examples: [['kboot version', 'Both']],
      exit: '0',
      seeAlso: ['schema', 'init'],
    }),
  async handler() {
    const { knownVersions } = await import('../catalog/release.ts');
    const { print } = await import('./terminal.ts');
    print(`kboot ${kbootVersion()}\nKubernetes ${knownVersions().join(' ')}`);
  },
};
