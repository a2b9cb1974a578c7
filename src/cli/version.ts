import type { CommandModule } from 'yargs';
import { kbootVersion } from '../model/kboot-version.ts';

export const version: CommandModule = {
  command: 'version',
  describe: 'Print the version of kboot and the Kubernetes versions it knows',
  async handler() {
    const { knownVersions } = await import('../catalog/release.ts');
    const { print } = await import('./terminal.ts');
    print(`kboot ${kbootVersion()}\nKubernetes ${knownVersions().join(' ')}`);
  },
};
