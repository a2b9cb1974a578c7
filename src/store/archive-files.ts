import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { tarEntries } from './image-archive.ts';

/** A file in an image archive, or a link to one. */
export interface ArchivedFile {
  readonly size: number;
  readonly sha256: string;
  /** The first bytes tell whether it is compressed. */
  readonly head: Buffer;
  /** Absent: it is too large to be a document. */
  readonly bytes?: Buffer;
}

/** Far more than any image has; what exceeds it is not read. */
const most = { entries: 4096, document: 1 << 20, documents: 64 << 20 };

/**
 * The files of an image archive by path, each read to its end. Throws an Error, as a phrase that follows the archive's name,
 * if it is not a complete tar, or has anything but files below it: paths that lead out of it, devices, a path twice, links
 * other than those from layer to layer that Docker made.
 */
export async function archiveFiles(file: string): Promise<ReadonlyMap<string, ArchivedFile>> {
  const files = new Map<string, ArchivedFile>();
  const links = new Map<string, string>();
  let entries = 0;
  let kept = 0;
  for await (const entry of tarEntries(file)) {
    const { name, type, linkname } = entry.header;
    const pax = entry.header.pax as Readonly<Record<string, string>> | null;
    if (++entries > most.entries) throw new Error(`has more than ${most.entries} members`);
    const path = pathIn(name);
    // Names and sizes of sparse files are read from these by some, and not by others.
    if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse')))
      throw new Error(`has a sparse file, ${shown(name)}`);
    if (files.has(path) || links.has(path)) throw new Error(`has ${shown(name)} twice`);
    if (type === 'directory') {
      entry.resume();
      continue;
    }
    if (type === 'symlink') {
      links.set(path, layerLink(path, linkname));
      entry.resume();
      continue;
    }
    if (type !== 'file' && type !== 'contiguous-file')
      throw new Error(`has ${shown(name)}, which is a ${type}`);
    const hash = createHash('sha256');
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      if (size <= most.document || chunks.length === 0) chunks.push(chunk);
    }
    const isKept = size <= most.document && kept + size <= most.documents;
    if (isKept) kept += size;
    files.set(path, {
      ...{ size, sha256: hash.digest('hex') },
      head: Buffer.from((chunks[0] ?? Buffer.alloc(0)).subarray(0, 4)),
      ...(isKept && { bytes: Buffer.concat(chunks) }),
    });
  }
  for (const [path, target] of links) {
    const found = files.get(target);
    if (found === undefined) throw new Error(`has a link to ${shown(target)}, which it does not have`);
    files.set(path, found);
  }
  return files;
}

/** A member's path below the archive, without `./`. Throws an Error if it leads out of it. */
export function pathIn(name: string): string {
  const path = posix.normalize(name).replace(/\/$/, '');
  const isPlain = !/[\p{Cc}\\]/u.test(name) && name !== '';
  if (isPlain && !path.startsWith('/') && path !== '..' && !path.startsWith('../') && !name.includes('/../'))
    return path;
  throw new Error(`has a member whose path leads out of it, ${shown(name)}`);
}

/** The target of a link between layers: `docker save` before Docker 25 writes a layer that two images share once. */
function layerLink(path: string, target: string): string {
  const to = posix.join(posix.dirname(path), target);
  if (/^[0-9a-f]{64}\/layer\.tar$/.test(path) && /^[0-9a-f]{64}\/layer\.tar$/.test(to) && to !== path)
    return to;
  throw new Error(`has ${shown(path)}, which is a link to ${shown(target)}`);
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 200));
