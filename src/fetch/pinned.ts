import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../model/digest.ts';
import { writeAtomic } from '../store/atomic.ts';
import { shown, wrongBytes } from './fetch-error.ts';
import { openWeb } from './web.ts';

/** Maximum size in bytes of a manifest, a chart, or an index of charts. */
const mostBytes = 32 * 1024 * 1024;

/** The folder for what can be fetched again. */
function cacheFolder(): string {
  const stated = process.env['XDG_CACHE_HOME'] ?? '';
  return join(stated.startsWith('/') ? stated : join(homedir(), '.cache'), 'kboot', 'addons');
}

/**
 * The bytes with a SHA-256: from one of the files `held` if it has them, from this user's cache, or else fetched and kept
 * there. Throws KbootError E-FETCH, also if the URL serves other bytes.
 */
export async function fetchPinned(
  url: URL,
  digest: string,
  held: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<Buffer> {
  return await pinned(digest, shown(url), held, async () => {
    const web = openWeb({ signal });
    try {
      return await readBody((await web.get(url)).body, shown(url));
    } finally {
      web.close();
    }
  });
}

/** The same for bytes that `fetch` fetches, which `title` names in messages. */
export async function pinned(
  digest: string,
  title: string,
  held: readonly string[],
  fetch: () => Promise<Buffer>,
): Promise<Buffer> {
  const cached = join(cacheFolder(), digest);
  for (const path of [...held, cached]) {
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes !== undefined && sha256(bytes) === digest) return bytes;
  }
  const bytes = await fetch();
  const sum = sha256(bytes);
  if (sum !== digest) throw wrongBytes(title, `has SHA-256 ${sum}, expected ${digest}`);
  // Without a cache, it is fetched each time.
  await writeAtomic(cached, bytes, 0o600).catch(() => undefined);
  return bytes;
}

/** A whole body. Throws KbootError E-FETCH if it is longer than a manifest or chart may be. */
export async function readBody(body: AsyncIterable<Uint8Array>, title: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > mostBytes) throw wrongBytes(title, `has more than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
