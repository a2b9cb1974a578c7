import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import * as z from 'zod';
import { KbootError } from '../model/error.ts';
import { imageRefs } from './image-refs.ts';
import { readIndex, type GivenBundle } from './bundle-folder.ts';

/** A path below the bundle's folder that cannot escape it. */
const inside = z.string().refine((path) => !path.startsWith('/') && !path.split('/').includes('..'));

/** bundle.json */
const indexSchema = z.object({
  apiVersion: z.literal('kboot.dev/v1'),
  kind: z.literal('Bundle'),
  kubernetesVersion: z.string(),
  files: z.array(
    z.object({
      path: inside,
      size: z.number().int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      arch: z.string(),
    }),
  ),
  /** An image archive, one reference in it, and the digest that the archive states for it; Docker's archives state none. */
  images: z.array(
    z.object({
      ...{ ref: z.string(), path: inside, arch: z.string() },
      digest: z
        .string()
        .regex(/^sha256:[0-9a-f]{64}$/)
        .optional(),
    }),
  ),
});

export type BundleIndex = z.infer<typeof indexSchema>;
export type BundleFile = BundleIndex['files'][number];
export type BundleImage = BundleIndex['images'][number];

export interface Bundle extends BundleIndex {
  readonly directory: string;
}

/**
 * Reads a bundle's index; the files themselves are not read.
 * Throws KbootError E-BUNDLE if the index is missing or malformed, or if files are missing or have the wrong size.
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
      remedy: `Copy it again, or write a new one for the existing files: \`kboot bundle index ${directory}\`.`,
    });
  }
  const parsed = indexSchema.safeParse(read);
  if (!parsed.success)
    throw new KbootError('E-BUNDLE', `${path} is not the index of a bundle`, {
      detail: z.prettifyError(parsed.error),
      remedy: `\`kboot bundle index ${directory}\` writes a new one.`,
    });
  const index = parsed.data;
  const wrong = index.files.flatMap((file) => {
    const size = statSync(join(directory, file.path), { throwIfNoEntry: false })?.size;
    if (size === file.size) return [];
    return [
      size === undefined
        ? `${file.path} is missing`
        : `${file.path} has ${size} bytes, but the index says ${file.size}`,
    ];
  });
  if (wrong.length > 0) throw damaged(directory, wrong);
  return { ...index, directory };
}

/**
 * Reads every file completely. Throws KbootError E-BUNDLE that lists each file whose checksum differs from the index, and
 * each image whose archive states another digest than the index.
 */
export async function verifyBundle(bundle: Bundle): Promise<void> {
  const limit = pLimit(2);
  const wrong = await Promise.all(
    bundle.files.map((file) =>
      limit(async () => {
        const sum = await fileSha256(join(bundle.directory, file.path));
        return sum === file.sha256
          ? []
          : [`${file.path} has SHA-256 ${sum}, but the index says ${file.sha256}`];
      }),
    ),
  );
  if (wrong.flat().length > 0) throw damaged(bundle.directory, wrong.flat());
  const other = await Promise.all(
    bundle.images.map(async ({ ref, path, digest }) => {
      if (digest === undefined) return [];
      const stated = (await imageRefs(join(bundle.directory, path), { onlyIndex: true })).get(ref);
      if (stated === digest) return [];
      return [`${path} has digest ${stated ?? 'none'} of ${ref}, but the index says ${digest}`];
    }),
  );
  if (other.flat().length > 0) throw damaged(bundle.directory, other.flat());
}

/** SHA-256 of a file's bytes, in hex. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex');
}

function damaged(directory: string, wrong: readonly string[]): KbootError {
  return new KbootError('E-BUNDLE', `the bundle ${directory} is damaged`, {
    detail: wrong.join('\n'),
    remedy:
      'No host was changed. Copy these files again, or, if the change is intended, run `kboot bundle index` again.',
  });
}
