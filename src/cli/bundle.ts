import type { CommandModule } from 'yargs';
import type { BundleCommandArgs } from './args.ts';
import { manual } from './manual.ts';
import { globalOptions } from './options.ts';

export const bundle: CommandModule<object, BundleCommandArgs> = {
  command: 'bundle <action> <directory>',
  describe: 'Make, index or verify a folder of release files and images for air-gapped sites',
  builder: (yargs) =>
    manual(globalOptions(yargs, 'verbose'), {
      synopsis: 'bundle ACTION DIRECTORY [flags]',
      text: `Makes or checks a bundle: a folder of release files and images for hosts without a way to the internet. Files lie in bin/linux-ARCH, archives/linux-ARCH and images/linux-ARCH, their sums in bundle.json.

create fetches what is missing or wrong there, replaces what differs, and writes bundle.json. It contacts dl.k8s.io, github.com, registry.k8s.io, ghcr.io, quay.io and what they lead to, or your mirror and registry; without a login, and no host of a cluster. HTTP_PROXY, HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS count. index writes bundle.json for files that are there; verify changes nothing. Both contact nothing.`,
      examples: [
        ['kboot bundle create ./bundle --inventory prod.yaml', 'Fetch what this cluster needs'],
        ['kboot bundle create ./bundle --arch amd64 --arch arm64', 'All of the newest release, for both'],
        ['kboot bundle index ./bundle', 'After files were collected or replaced by hand'],
        ['kboot bundle verify ./bundle', 'Read every file and compare its SHA-256'],
        ['kboot up prod.yaml --bundle ./bundle', 'Use it'],
      ],
      exit: '0 done · 3 a file is missing or differs from its sum, or cannot be written · 4 something could not be fetched · 130 interrupted; run it again',
      seeAlso: ['up', 'render'],
    })
      .positional('action', {
        choices: ['create', 'index', 'verify'] as const,
        demandOption: true,
        describe:
          'create: fetch what is missing, then index; index: write bundle.json for the files that are there; verify: read all and compare',
      })
      .positional('directory', { type: 'string', demandOption: true, describe: 'The bundle' })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe:
          'VERSION: of the files, such as v1.36.2 (default for create: the newest that kboot knows; for index: from the image tags)',
      })
      .option('arch', {
        type: 'string',
        array: true,
        nargs: 1,
        choices: ['amd64', 'arm64'] as const,
        default: [] as ('amd64' | 'arm64')[],
        describe: 'ARCH: of the hosts, for create: amd64 or arm64; once for each (default: amd64)',
      })
      .option('inventory', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        conflicts: ['kubernetes-version', 'image-repository'],
        describe:
          'FILE: for create: fetch what its cluster needs: its version, imageRepository, artifacts.mirror; MetalLB and etcd as it says (default: all that any cluster may need)',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe: "URL: for create: base of the official hosts' paths, as spec.artifacts.mirror",
      })
      .option('image-repository', {
        type: 'string',
        requiresArg: true,
        describe:
          "REPOSITORY: for create: registry and path of all images, as the inventory's spec.imageRepository (default: the official registries)",
      }),
  async handler(args) {
    const { runBundle } = await import('./bundle-run.ts');
    await runBundle(args);
  },
};
