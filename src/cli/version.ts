import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { packageRoot } from '../model/package-root.ts';

/** kboot's own version, from its package.json. */
export function kbootVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export const version: CommandModule = {
  command: 'version',
  describe: 'Print the version of kboot and the Kubernetes versions it knows',
  async handler() {
    const { knownVersions } = await import('../catalog/release.ts');
    const { print } = await import('./terminal.ts');
    print(`kboot ${kbootVersion()}\nKubernetes ${knownVersions().join(' ')}`);
  },
};
