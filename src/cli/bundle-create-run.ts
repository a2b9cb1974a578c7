import { imagesOfAddons } from '../app/addons/images.ts';
import { createBundle, unheldImages } from '../app/create-bundle.ts';
import { readInventory } from '../app/read-inventory.ts';
import { packagedSystems } from '../catalog/package-sources.ts';
import { knownVersions, release } from '../catalog/release.ts';
import { contentsOf, contentsOfRelease, withAddons, type BundleContents } from '../desire/bundle-contents.ts';
import { defaults } from '../inventory/defaults.ts';
import { nearestVersions } from '../inventory/nearest-versions.ts';
import { imageRepository, mirror } from '../inventory/schema.ts';
import { KbootError } from '../model/error.ts';
import { few } from '../model/few.ts';
import { isSameFolder } from '../store/bundle-delta.ts';
import { openBundle, type Bundle, type BundleIndex } from '../store/bundle.ts';
import { showFetching } from '../view/fetch-progress.ts';
import type { BundleCommandArgs } from './args.ts';
import { fileOfFlag } from './flag-file.ts';
import { onInterrupt } from './interrupt.ts';
import { event, mayBeUnofficial, note, screen } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Fetches the files that the bundle lacks. Progress goes to stderr; with `-o json`, events go to stdout. Throws as createBundle does. */
export async function runCreate(args: BundleCommandArgs): Promise<BundleIndex> {
  refuse('--mirror', args.mirror, mirror);
  refuse('--image-repository', args['image-repository'], imageRepository);
  refuse('--packages-mirror', args['packages-mirror'], mirror);
  const packages = packagedBy(args.packages);
  const packagesKey = publicKeys(args['packages-key']);
  const wanted = await wantedBy(args);
  const json = args.output === 'json';
  const progress = json ? undefined : showFetching(screen);
  const allowUnofficial = mayBeUnofficial(args);
  const unheld = allowUnofficial ? unheldImages(wanted.contents) : [];
  if (unheld.length > 0)
    note(line`warning: no digest is known of ${few(unheld, 3)}; whatever the registry serves is taken`);
  const interrupt = onInterrupt(() => undefined);
  try {
    return await createBundle({
      directory: args.directory,
      contents: { ...wanted.contents, packages },
      mirror: args.mirror ?? wanted.mirror,
      since: since(args),
      packagesMirror: args['packages-mirror'],
      packagesKey,
      allowUnofficial,
      arches: args.arch.length === 0 ? ['amd64'] : [...new Set(args.arch)],
      signal: interrupt.signal,
      tell(each) {
        progress?.take(each);
        if (json && each.type !== 'bytes') event(each);
      },
      heard: args.verbose
        ? (progress?.say ??
          ((text: string) => {
            note(line`${text}`);
          }))
        : () => undefined,
    });
  } finally {
    interrupt.stop();
    progress?.stop();
  }
}

async function wantedBy(args: BundleCommandArgs): Promise<{
  readonly contents: BundleContents;
  readonly mirror: string | undefined;
}> {
  if (args.inventory !== undefined) {
    const read = await readInventory(args.inventory, { withoutFiles: true, withAddons: true });
    const { cluster, releases } = read;
    const contents = contentsOf(cluster, releases.get(cluster.kubernetesVersion));
    return {
      contents: withAddons(contents, cluster.addons ?? [], await imagesOfAddons(read)),
      mirror: cluster.artifacts.mirror,
    };
  }
  const known = knownVersions();
  const version = args['kubernetes-version'] ?? known[0] ?? '';
  if (!known.includes(version))
    throw new KbootError(
      'E-USAGE',
      `--kubernetes-version ${version}: this kboot does not support that release`,
      {
        remedy: remedies.nearest({ versions: nearestVersions(version, known).join(', ') }),
      },
    );
  const repository = args['image-repository'] ?? defaults.imageRepository;
  return { contents: contentsOfRelease(release(version), repository), mirror: undefined };
}

/** The bundle of --since. Throws KbootError E-USAGE if it is this one, and what openBundle throws. */
function since({ since: base, directory }: BundleCommandArgs): Bundle | undefined {
  if (base === undefined) return undefined;
  if (isSameFolder(base, directory)) throw new KbootError('E-USAGE', '--since is the bundle itself');
  return openBundle({ directory: base });
}

/** The distributions of --packages. Throws KbootError E-USAGE for one whose packages kboot cannot bring. */
function packagedBy(given: readonly string[]): readonly string[] {
  const systems = [...new Set(given.flatMap((list) => list.split(',')))];
  const [unknown] = systems.filter((name) => !packagedSystems.includes(name));
  if (unknown === undefined) return systems;
  throw new KbootError(
    'E-USAGE',
    `--packages ${unknown}: kboot brings packages of ${packagedSystems.join(', ')} only`,
    {
      remedy: remedies.otherPackages,
    },
  );
}

/** Throws KbootError E-USAGE if the file cannot be read, or has a private key. */
function publicKeys(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  const keys = fileOfFlag('--packages-key', file);
  if (keys.includes('-----BEGIN PGP PRIVATE'))
    throw new KbootError('E-USAGE', `--packages-key ${file} is a private key`);
  return keys;
}

function refuse(flag: string, value: string | undefined, check: (value: string) => string | undefined): void {
  const problem = value === undefined ? undefined : check(value);
  if (problem !== undefined) throw new KbootError('E-USAGE', `${flag} ${problem}`);
}
