import type { CommandModule } from 'yargs';
import type { LockArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions, inventoryPosition } from './options.ts';

export const lock: CommandModule<object, LockArgs> = {
  command: 'lock <inventory>',
  describe: 'Write kboot.lock.yaml: component versions, checksums of files, digests of images',
  builder: (yargs) =>
    manual(inventoryPosition(globalOptions(yargs, 'verbose')), {
      synopsis: 'lock INVENTORY [flags]',
      text: `Writes kboot.lock.yaml beside the inventory. For a Kubernetes version it states the version of every component, the SHA-256 of every release file for amd64 and arm64, and the digest of every image. Hosts and bundles are then held to it, and a patch release that is newer than this kboot can be installed. Without the file, kboot's own catalog applies.

Reads checksums from dl.k8s.io, github.com and raw.githubusercontent.com, or from spec.artifacts.mirror, and digests from the registries of the images. Contacts nothing else, and no host of a cluster. Signatures are not verified.`,
      examples: [
        ['kboot lock prod.yaml', "Lock the inventory's Kubernetes version"],
        ['kboot lock prod.yaml --to v1.36.5', 'Add another one, to upgrade to'],
        ['kboot lock prod.yaml --check', 'Only compare: for cron and CI'],
      ],
      exit: '0 done · 2 the file differs (--check) · 3 the inventory or the file is not valid · 4 something could not be fetched',
      seeAlso: ['bundle', 'drift', 'up'],
    })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: "VERSION: Kubernetes version to lock, such as v1.36.5 (default: the inventory's)",
      })
      .option('check', {
        type: 'boolean',
        default: false,
        describe: 'Write nothing; exit with 2 if the file would change',
      }),
  async handler(args) {
    const { runLock } = await import('./lock-run.ts');
    process.exitCode = await runLock(args);
  },
};
