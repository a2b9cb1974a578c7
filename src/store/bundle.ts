import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { KbootError } from '../model/error.ts';

/** One file of a bundle; `path` is below the bundle's folder. */
export interface BundleFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly arch: string;
}

/** An image archive and one reference that it holds. */
export interface BundleImage {
  readonly ref: string;
  readonly path: string;
  readonly arch: string;
}

/** bundle.json */
export interface BundleIndex {
  readonly apiVersion: 'kboot.dev/v1';
  readonly kind: 'Bundle';
  readonly kubernetesVersion: string;
  readonly files: readonly BundleFile[];
  readonly images: readonly BundleImage[];
}

export interface Bundle extends BundleIndex {
  readonly directory: string;
}

/**
 * Reads a bundle's index; the files themselves are not read.
 * Throws KbootError E-BUNDLE for a missing or malformed index and for files that are missing or of another size.
 */
export function openBundle(directory: string): Bundle {
  const path = join(directory, 'bundle.json');
  let index: BundleIndex;
  try {
    index = JSON.parse(readFileSync(path, 'utf8')) as BundleIndex;
  } catch (cause) {
    throw new KbootError(
      'E-BUNDLE',
      `${path} cannot be read: ${cause instanceof Error ? cause.message : ''}`,
      {
        cause,
        remedy: `\`kboot bundle index ${directory}\` writes it for the files that are there.`,
      },
    );
  }
  const wellFormed =
    index.kind === 'Bundle' &&
    Array.isArray(index.files) &&
    Array.isArray(index.images) &&
    index.files.every((file) => /^[0-9a-f]{64}$/.test(file.sha256) && !file.path.split('/').includes('..'));
  if (!wellFormed)
    throw new KbootError('E-BUNDLE', `${path} is not the index of a bundle`, {
      remedy: `\`kboot bundle index ${directory}\` writes a new one.`,
    });
  const wrong = index.files.flatMap((file) => {
    const size = statSync(join(directory, file.path), { throwIfNoEntry: false })?.size;
    if (size === file.size) return [];
    return [
      size === undefined
        ? `${file.path} is missing`
        : `${file.path} has ${size} bytes, the index says ${file.size}`,
    ];
  });
  if (wrong.length > 0) throw damaged(directory, wrong);
  return { ...index, directory };
}

/** Reads every file whole. Throws KbootError E-BUNDLE that names each file whose sum is not the index's. */
export async function verifyBundle(bundle: Bundle): Promise<void> {
  const limit = pLimit(2);
  const wrong = await Promise.all(
    bundle.files.map((file) =>
      limit(async () => {
        const sum = await fileSha256(join(bundle.directory, file.path));
        return sum === file.sha256 ? [] : [`${file.path} has SHA-256 ${sum}, the index says ${file.sha256}`];
      }),
    ),
  );
  if (wrong.flat().length > 0) throw damaged(bundle.directory, wrong.flat());
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
      'No host was touched. Copy these files again, or, if they are meant to be so, run `kboot bundle index` anew.',
  });
}
