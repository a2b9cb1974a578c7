import { shown, wrongBytes } from './fetch-error.ts';
import type { Web } from './web.ts';

/** More than any list of checksums or source file that kboot reads. */
const mostBytes = 1 << 20;

/** A small text file. Throws KbootError E-FETCH, E-INTERRUPTED. */
export async function readText(web: Web, url: URL): Promise<string> {
  const { body } = await web.get(url);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > mostBytes) throw wrongBytes(shown(url), `has more than ${mostBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
