import { createHash } from 'node:crypto';
import { writeAtomic } from '../store/atomic.ts';
import { fileSha256 } from '../store/bundle.ts';
import type { Fetched, Heard } from './events.ts';
import { shown, wrongBytes } from './fetch-error.ts';
import type { Web } from './web.ts';

/**
 * Fetches a file completely or not at all, unless it already exists with the right checksum.
 * Throws KbootError E-FETCH, E-INTERRUPTED, and E-STATE if it cannot be written.
 */
export async function download(
  web: Web,
  { url, path, sha256 }: { readonly url: URL; readonly path: string; readonly sha256: string },
  heard: Heard,
): Promise<Fetched> {
  const there = await fileSha256(path).catch(() => undefined);
  if (there === sha256) return 'present';
  const { size, body } = await web.get(url);
  await writeAtomic(
    path,
    summed(body, shown(url), { sha256 }, (bytes) => {
      heard(bytes, size);
    }),
    0o644,
  );
  return 'fetched';
}

/** Many times the largest release file, and the largest layer of an image: a body that is longer is one without an end. */
const mostFile = 1 << 30;
const mostLayer = 8 * 2 ** 30;

/** Passes bytes through. Throws E-FETCH at the end, or as soon as there are too many, if they do not match `want`. */
export async function* summed(
  bytes: AsyncIterable<Uint8Array>,
  what: string,
  want: { readonly sha256: string; readonly size?: number },
  heard: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  const most = Math.min(want.size ?? mostFile, mostLayer);
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > most) throw wrongBytes(what, `has more than ${most} bytes`);
    hash.update(chunk);
    heard(chunk.length);
    yield chunk;
  }
  if (want.size !== undefined && size < want.size)
    throw wrongBytes(what, `has ${size} bytes instead of ${want.size}`);
  const sum = hash.digest('hex');
  if (sum !== want.sha256) throw wrongBytes(what, `has SHA-256 ${sum}, expected ${want.sha256}`);
}
