import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { extract, type Extract } from 'tar-stream';

/** The members of a tar, one after another; each must be read, or `resume`d. Throws any read error. */
export function tarEntries(file: string): Extract {
  const parser = extract();
  createReadStream(file, { highWaterMark: 1 << 20 })
    .on('error', (error) => {
      parser.destroy(error);
    })
    .pipe(parser);
  return parser;
}

/** SHA-256 of each member of a tar; undefined if the file does not exist or is not a complete tar. */
export async function archiveSums(file: string): Promise<ReadonlyMap<string, string> | undefined> {
  if (!existsSync(file)) return undefined;
  const sums = new Map<string, string>();
  try {
    for await (const entry of tarEntries(file)) {
      const hash = createHash('sha256');
      for await (const chunk of entry as AsyncIterable<Buffer>) hash.update(chunk);
      sums.set(entry.header.name, hash.digest('hex'));
    }
    return sums;
  } catch {
    return undefined;
  }
}
