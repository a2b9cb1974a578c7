import type { CommandModule } from 'yargs';
import { kbootVersion } from '../model/kboot-version.ts';
import type { GlobalArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';
import { line } from '../view/printable.ts';

export const version: CommandModule<object, GlobalArgs> = {
  command: 'version',
  describe: 'Print the version of kboot and the Kubernetes versions it supports',
  builder: (yargs) =>
    manual(globalOptions(yargs), {
      synopsis: 'version',
      text: 'Prints the version of kboot and the Kubernetes versions that it can install. Contacts nothing and changes nothing.',
      examples: [
        ['kboot version', 'Both'],
        ['kboot version -o json', 'Both and the version of Node, as one event'],
      ],
      exit: '0',
      seeAlso: ['schema', 'init'],
    }),
  async handler({ output }) {
    const { knownVersions } = await import('../catalog/release.ts');
    const { event, print } = await import('./terminal.ts');
    const kubernetes = knownVersions();
    if (output === 'json')
      event({ type: 'version', version: kbootVersion(), node: process.version, kubernetes });
    else print(line`kboot ${kbootVersion()}\nKubernetes ${kubernetes.join(' ')}`);
  },
};
