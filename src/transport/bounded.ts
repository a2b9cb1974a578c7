import type { Readable } from 'node:stream';

/**
 * The whole output of a stream. Throws `flood()` as soon as it is longer than `most` bytes. Memory and time grow with the
 * bytes, not with the chunks that they come in.
 */
export async function bounded(stream: Readable, most: number, flood: () => Error): Promise<Buffer> {
  let bytes = Buffer.allocUnsafe(16 * 1024);
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length + chunk.length > most) throw flood();
    if (length + chunk.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * bytes.length, length + chunk.length));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    chunk.copy(bytes, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}
