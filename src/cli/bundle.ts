import type { CommandModule } from 'yargs';
import { packagedSystems } from '../catalog/package-sources.ts';
import type { BundleCommandArgs } from './args.ts';
import { manual } from './manual.ts';
import { allowUnofficialOption, globalOptions } from './options.ts';

export const bundle: CommandModule<object, BundleCommandArgs> = {
  command: 'bundle <action> <directory>',
  describe: 'Create, index, verify, push or list a folder of release files and images for air-gapped sites',
  builder: (yargs) =>
    manual(allowUnofficialOption(globalOptions(yargs, 'verbose')), {
      synopsis: 'bundle ACTION DIRECTORY [flags]',
      text: `Works on a bundle: a folder of release files and images for hosts without internet access. Files are in bin/linux-ARCH, archives/linux-ARCH and images/linux-ARCH, their checksums in bundle.json.

create fetches missing files, replaces files that differ, and writes bundle.json. Files and images are those of kboot.lock.yaml or of kboot's catalog; an image that neither has a digest of is refused, unless --allow-unofficial. It contacts dl.k8s.io, github.com, registry.k8s.io, ghcr.io, quay.io and the hosts they redirect to, or your mirror and registry; it does not log in there, and contacts no host of a cluster. HTTP_PROXY, HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS are honoured. index writes bundle.json for the files that are present; verify reads all of them and changes nothing. push pushes all images into a registry of yours, skips what it has, and prints the settings of the inventory with which nodes pull from there. sbom prints a software bill of materials, SPDX 2.3 as JSON, of what bundle.json lists: each file with its SHA-256, version, licence and, if it is the official build, its origin; each image. Its time is that of bundle.json, or SOURCE_DATE_EPOCH. index, verify and sbom contact nothing; index and verify say which files and images are official, of another origin (another digest than the official build), or unknown.`,
      examples: [
        ['kboot bundle create ./bundle --inventory prod.yaml', 'Fetch what this cluster needs'],
        [
          'kboot bundle create ./bundle --arch amd64 --arch arm64',
          'Everything for the newest release, for both architectures',
        ],
        ['kboot bundle create ./delta --inventory prod.yaml --since ./bundle', 'Only what ./bundle lacks'],
        [
          'kboot bundle create ./bundle --inventory prod.yaml --packages debian-12',
          "With the distribution's packages, for hosts without a package source",
        ],
        ['kboot bundle index ./bundle', 'After collecting or replacing files by hand'],
        ['kboot bundle verify ./bundle', 'Read every file and check its SHA-256'],
        ['kboot bundle verify ./bundle --inventory prod.yaml', 'Also hold it to kboot.lock.yaml'],
        ['kboot bundle index ./bundle --sign-key ~/.ssh/id_ed25519', 'Sign it'],
        ['kboot bundle verify ./bundle --signers ./signers', 'Check who signed it'],
        [
          'kboot bundle push ./bundle --registry registry.example.com/k8s --username robot --password-file ./password',
          'Fill a registry',
        ],
        ['kboot bundle sbom ./bundle > bundle.spdx.json', 'A software bill of materials'],
        ['kboot up prod.yaml --bundle ./bundle', 'Use it'],
      ],
      exit: '0 done · 3 a file is missing, does not match its checksum, or cannot be written · 4 a file could not be fetched, or an image not pushed · 130 interrupted; run it again',
      seeAlso: ['up', 'render'],
    })
      .positional('action', {
        choices: ['create', 'index', 'verify', 'push', 'sbom'] as const,
        demandOption: true,
        describe:
          'create: fetch missing files, then index; index: write bundle.json for the files that are present; verify: read and check all files; push: fill a registry with its images; sbom: print what is in it, as SPDX',
      })
      .positional('directory', { type: 'string', demandOption: true, describe: 'The bundle' })
      .option('kubernetes-version', {
        type: 'string',
        requiresArg: true,
        describe:
          'VERSION: of the files, such as v1.36.2 (default for create: the newest supported version; for index: from the image tags)',
      })
      .option('arch', {
        type: 'string',
        array: true,
        nargs: 1,
        choices: ['amd64', 'arm64'] as const,
        default: [] as ('amd64' | 'arm64')[],
        describe:
          'ARCH: for create: architecture of the hosts, amd64 or arm64; repeat for both (default: amd64)',
      })
      .option('inventory', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        conflicts: ['kubernetes-version', 'image-repository'],
        describe:
          'FILE: for create: fetch only what this cluster needs, with its version, imageRepository and artifacts.mirror, and as kboot.lock.yaml beside it has it; MetalLB and etcd if it uses them (default: everything that any cluster may need). For verify: hold the bundle to that version and lock',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe:
          'URL: for create: base URL to use instead of the official hosts, like spec.artifacts.mirror',
      })
      .option('image-repository', {
        type: 'string',
        requiresArg: true,
        describe:
          "REPOSITORY: for create: registry and path of all images, like the inventory's spec.imageRepository (default: the official registries)",
      })
      .option('since', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          'DIR: for create: make a delta, without the files that this other bundle has; copied over it, they are the whole',
      })
      .option('packages', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: `SYSTEM: for create: also the distribution's packages that hosts may need, for hosts without a package source: ${packagedSystems.join(', ')}; separate several by commas. Needs the package manager of those systems on this machine, apt or dnf`,
      })
      .option('packages-mirror', {
        type: 'string',
        requiresArg: true,
        describe:
          "URL: for create: base URL that has debian and debian-security, ubuntu, rocky, almalinux, centos-stream or OracleLinux below it (default: the distributions' own hosts)",
      })
      .option('packages-key', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          "FILE: for create: OpenPGP public keys that sign the mirror's packages (default: the distribution's own)",
      })
      .option('sign-key', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          'FILE: for create and index: sign bundle.json with this private key of ssh-keygen (Ed25519, without a passphrase), into bundle.json.sig; with a passphrase: `ssh-keygen -Y sign -f FILE -n kboot-bundle DIRECTORY/bundle.json`',
      })
      .option('signers', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe:
          "FILE: for verify: whose signature the bundle must have, a file of allowed signers (ssh-keygen(1)) or of public keys; repeat for more (default: the inventory's spec.artifacts.bundleSigners)",
      })
      .option('registry', {
        type: 'string',
        requiresArg: true,
        describe:
          "HOST[:PORT][/PATH]: for push: the registry, and the path that all images are below, like the inventory's spec.imageRepository",
      })
      .option('username', {
        type: 'string',
        requiresArg: true,
        describe:
          'USER: for push: who logs in, with the password in --password-file or KBOOT_REGISTRY_PASSWORD (default: what `docker login` or `podman login` stored for the registry, or nobody)',
      })
      .option('password-file', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe: 'FILE: for push: the password or token of --username; a final newline does not count',
      })
      .option('ca-file', {
        type: 'string',
        requiresArg: true,
        normalize: true,
        describe:
          "FILE: for push: PEM of the CA that signed the registry's certificate (default: the CAs that Node trusts, and NODE_EXTRA_CA_CERTS)",
      })
      .option('plain-http', {
        type: 'boolean',
        default: false,
        describe: 'For push: HTTP without TLS; passwords and images are not protected',
      })
      .option('insecure', {
        type: 'boolean',
        default: false,
        describe: 'For push: accept any certificate',
      }),
  async handler(args) {
    const { runBundle } = await import('./bundle-run.ts');
    await runBundle(args);
  },
};
