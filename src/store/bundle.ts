import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { archivedImages, imageRef, type ArchivedImage } from './archived-images.ts';
import { readIndex, type GivenBundle } from './bundle-folder.ts';
import { unreadable } from './file-error.ts';
import { remedies } from './remedies.ts';

/** A path below the bundle's folder that cannot escape it. */
const inside = z
  .string()
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..') && !/\p{Cc}/u.test(path));
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const arch = z.string().regex(/^\w+$/);

const kubernetesVersion = z.string().regex(/^v[\w.+-]+$/);

/** bundle.json */
const indexSchema = z.object({
  apiVersion: z.literal('kboot.dev/v1'),
  kind: z.literal('Bundle'),
  kubernetesVersion,
  /** Of a delta: the bundle that has the files which are not here. */
  since: z.object({ kubernetesVersion }).exactOptional(),
  files: z.array(
    z.object({
      path: inside,
      size: z.number().int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      arch,
    }),
  ),
  /**
   * An image archive, one reference in it, its digest (Docker's archives have none), and the digest of an index in the archive
   * that has the image.
   */
  images: z.array(
    z.object({
      ...{ ref: z.string().regex(imageRef), path: inside, arch },
      ...{ digest: digest.optional(), index: digest.optional() },
    }),
  ),
});

export type BundleIndex = z.infer<typeof indexSchema>;
export type BundleFile = BundleIndex['files'][number];
export type BundleImage = BundleIndex['images'][number];

export interface Bundle extends BundleIndex {
  readonly directory: string;
  /** bundle.json as it was read, which its signature is of. */
  readonly text?: string;
}

/**
 * Reads a bundle's index; the files themselves are not read.
 * Throws KbootError E-BUNDLE if the index is missing or malformed, if files are missing or have the wrong size, or if it
 * is a delta without its base.
 */
export function openBundle(given: GivenBundle): Bundle {
  const { directory } = given;
  const path = join(directory, 'bundle.json');
  const text = readIndex(given);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw new KbootError('E-BUNDLE', `${path} is not JSON: ${cause instanceof Error ? cause.message : ''}`, {
      cause,
      remedy: remedies.copyIndexAgain({ directory }),
    });
  }
  const parsed = indexSchema.safeParse(read);
  if (!parsed.success)
    throw new KbootError('E-BUNDLE', `${path} is not the index of a bundle`, {
      detail: z.prettifyError(parsed.error),
      remedy: remedies.newIndex({ directory }),
    });
  const index = parsed.data;
  refuseDeltaAlone(directory, index);
  const wrong = [
    ...index.files.flatMap((file) => {
      const found = statSync(join(directory, file.path), { throwIfNoEntry: false });
      if (found === undefined) return [`${file.path} is missing`];
      if (!found.isFile()) return [`${file.path} is not a file`];
      if (found.size === file.size) return [];
      return [`${file.path} has ${found.size} bytes, but the index says ${file.size}`];
    }),
    ...ambiguities(index),
  ];
  if (wrong.length > 0) throw damaged(directory, wrong);
  return { ...index, directory, text };
}

/** A delta is used with the bundle that it was made since, which has the other files. */
function refuseDeltaAlone(directory: string, { since, files }: BundleIndex): void {
  if (since === undefined) return;
  const missing = files.filter(({ path }) => !existsSync(join(directory, path)));
  if (missing.length === 0) return;
  throw new KbootError(
    'E-BUNDLE',
    `${directory} is a delta: ${missing.length} of its ${files.length} files are in the bundle for Kubernetes ${since.kubernetesVersion} that it was made since`,
    { remedy: remedies.layDelta({ directory }) },
  );
}

/** What can be read in two ways: which of two files or images a host gets would depend on who reads, or on the order. */
export function ambiguities({ files, images }: Pick<BundleIndex, 'files' | 'images'>): string[] {
  const paths = new Set<string>();
  const twice = files.filter(({ path }) => paths.size === paths.add(path).size);
  const held = new Map<string, string>();
  return [
    ...twice.map(({ path }) => `${path} is in the index twice`),
    ...[...files, ...images].flatMap(({ path, arch: of }) => {
      const own = /^(?:bin|archives|images|packages)\/linux-([^/]+)\//.exec(path)?.[1];
      return own === undefined || own === of ? [] : [`${path} is for ${own}, but the index says ${of}`];
    }),
    ...images.flatMap(({ ref, path, arch: of }) => {
      if (!path.startsWith('images/')) return [`${path}, the archive of ${ref}, is not in images/`];
      if (!paths.has(path)) return [`${path}, the archive of ${ref}, is not in the list of files`];
      const other = held.get(`${of} ${ref}`);
      held.set(`${of} ${ref}`, path);
      return other === undefined ? [] : [`${ref} is in ${other} and in ${path}`];
    }),
  ];
}

/**
 * Reads every file completely. Returns the images as their archives prove them. Throws KbootError E-BUNDLE that lists each
 * file whose checksum differs from the index, and each archive that is not what the index says, or not whole.
 */
export async function verifyBundle(bundle: Bundle): Promise<readonly BundleImage[]> {
  const limit = pLimit(2);
  const wrong = await Promise.all(
    bundle.files.map((file) =>
      limit(async () => {
        const sum = await fileSha256(join(bundle.directory, file.path));
        return sum === file.sha256 ? [] : [otherSum(file.path, sum, file.sha256)];
      }),
    ),
  );
  if (wrong.flat().length > 0) throw damaged(bundle.directory, wrong.flat());
  const archives = bundle.files.filter(({ path }) => path.startsWith('images/'));
  const found = await Promise.all(
    archives.map(({ path, arch: of }) =>
      limit(async () => ({ path, arch: of, images: await archivedImages(join(bundle.directory, path), of) })),
    ),
  );
  const other = found.flatMap(({ path, images }) =>
    differences(
      path,
      images,
      bundle.images.filter((image) => image.path === path),
    ),
  );
  if (other.length > 0) throw damaged(bundle.directory, other);
  return found.flatMap(({ path, arch: of, images }) => images.map((image) => ({ ...image, path, arch: of })));
}

/** Throws KbootError E-BUNDLE if one file of a bundle is not what the index says. */
export async function refuseOtherFile({ directory, files }: Bundle, path: string): Promise<void> {
  const stated = files.find((file) => file.path === path)?.sha256 ?? 'nothing';
  const sum = await fileSha256(join(directory, path));
  if (sum !== stated) throw damaged(directory, [otherSum(path, sum, stated)]);
}

const otherSum = (path: string, sum: string, stated: string): string =>
  `${path} has SHA-256 ${sum}, but the index says ${stated}`;

/** What an archive has otherwise than the index says. An index of an older kboot states no digests. */
function differences(
  path: string,
  images: readonly ArchivedImage[],
  stated: readonly BundleImage[],
): readonly string[] {
  const held = new Map(images.map((image) => [image.ref, image]));
  const more = images.filter(({ ref }) => !stated.some((each) => each.ref === ref));
  return [
    ...more.map(({ ref }) => `${path} has ${ref}, but the index does not say so`),
    ...stated.flatMap((image) => {
      const found = held.get(image.ref);
      if (found === undefined) return [`${path} does not have ${image.ref}, but the index says so`];
      return (['digest', 'index'] as const).flatMap((name) =>
        image[name] === undefined || image[name] === found[name]
          ? []
          : [
              `${path} has ${name} ${found[name] ?? 'none'} of ${image.ref}, but the index says ${image[name]}`,
            ],
      );
    }),
  ];
}

/** SHA-256 of a file's bytes, in hex. Throws KbootError E-BUNDLE if it cannot be read. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
      hash.update(chunk);
  } catch (cause) {
    throw new KbootError('E-BUNDLE', `${path} ${unreadable(cause)}`, {
      cause,
      remedy: remedies.readEveryFile,
    });
  }
  return hash.digest('hex');
}

function damaged(directory: string, wrong: readonly string[]): KbootError {
  return new KbootError('E-BUNDLE', `the bundle ${directory} is damaged`, {
    detail: wrong.join('\n'),
    remedy: remedies.copyFilesAgain,
  });
}
