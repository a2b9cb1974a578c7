import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file, folder (no content) or link in an archive; `mode` in octal as for chmod. */
export interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
}

/** A tar archive of root's files, with the folders above them, sorted by path: the same entries make the same bytes. */
export async function tar(entries: readonly Entry[], at: Date): Promise<Buffer> {
  const archive = pack();
  const chunks = collected(archive);
  for (const { path, mode, content } of withFolders(entries)) {
    const header = { name: path, mode, mtime: at, uid: 0, gid: 0, uname: 'root', gname: 'root' };
    if (content === undefined) archive.entry({ ...header, type: 'directory' });
    else archive.entry({ ...header, type: 'file', size: content.length }, content);
  }
  archive.finalize();
  return await chunks;
}

/** The same, compressed. */
export async function tarGz(entries: readonly Entry[], at: Date): Promise<Buffer> {
  return gzipSync(await tar(entries, at));
}

function withFolders(entries: readonly Entry[]): readonly Entry[] {
  const named = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    const parts = path.split('/').slice(0, -1);
    for (const index of parts.keys()) {
      const folder = parts.slice(0, index + 1).join('/');
      if (!named.has(folder)) named.set(folder, { path: folder, mode: 0o755 });
    }
  }
  return [...named.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function collected(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
