import { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KbootError } from '../model/error.ts';
import { archivedImages } from './archived-images.ts';
import { isLeftover, writeAtomic } from './atomic.ts';
import { refuseNoFolder } from './bundle-folder.ts';
import { ambiguities, fileSha256, type BundleFile, type BundleImage, type BundleIndex } from './bundle.ts';
import { unreadable } from './file-error.ts';
import { remedies } from './remedies.ts';

const layout =
  /^(?:bin|archives|images|packages)\/linux-(amd64|arm64)\/[^/]+$|^manifests\/[^/]+\.ya?ml$|^charts\/[0-9a-f]{64}\.tgz$|^programs\/[0-9a-f]{64}$/;

/**
 * Writes bundle.json for the files in a bundle's folders; image archives are read to their ends. Throws KbootError E-BUNDLE if
 * there are no files, an archive is not one (archivedImages), two have one image, or the version cannot be determined.
 */
export async function indexBundle(
  directory: string,
  kubernetesVersion: string | undefined,
): Promise<BundleIndex> {
  refuseNoFolder({ directory });
  const found = await readdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw new KbootError('E-BUNDLE', `${directory} ${unreadable(cause)}`, {
      cause,
      remedy: remedies.readEveryFile,
    });
  });
  const files: BundleFile[] = [];
  const images: BundleImage[] = [];
  for (const path of found.sort()) {
    const match = layout.exec(path);
    if (match === null || isLeftover(basename(path))) continue;
    const arch = match[1] ?? 'any';
    const file = join(directory, path);
    files.push({ path, size: await sizeOf(file), sha256: await fileSha256(file), arch });
    if (path.startsWith('images/'))
      for (const image of await archivedImages(file, arch)) images.push({ ...image, path, arch });
  }
  const wrong = ambiguities({ files, images });
  if (wrong.length > 0)
    throw new KbootError('E-BUNDLE', `${directory} has images twice`, {
      detail: wrong.join('\n'),
      remedy: remedies.removeArchive,
    });
  if (files.length === 0)
    throw new KbootError('E-BUNDLE', `${directory} does not contain any files of a bundle`, {
      remedy: remedies.bundleLayout({ directory }),
    });
  const version = kubernetesVersion ?? versionOf(images);
  if (version === undefined)
    throw new KbootError('E-BUNDLE', 'the Kubernetes version cannot be determined from the images', {
      remedy: remedies.nameVersion,
    });
  const index: BundleIndex = {
    apiVersion: 'kboot.dev/v1',
    kind: 'Bundle',
    kubernetesVersion: version,
    files,
    images,
  };
  await writeAtomic(join(directory, 'bundle.json'), `${JSON.stringify(index, undefined, 2)}\n`, 0o644);
  return index;
}

/** The size of a regular file in bytes. Throws KbootError E-BUNDLE for anything else: a pipe would never end. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: unknown) => cause);
  const problem = found instanceof Stats ? (found.isFile() ? undefined : 'is not a file') : unreadable(found);
  if (found instanceof Stats && problem === undefined) return found.size;
  throw new KbootError('E-BUNDLE', `${file} ${problem ?? ''}`, { remedy: remedies.removeOrReplaceFile });
}

function versionOf(images: readonly BundleImage[]): string | undefined {
  return images
    .map(({ ref }) => /\/kube-apiserver:(v[\d.]+)/.exec(ref)?.[1])
    .find((version) => version !== undefined);
}
