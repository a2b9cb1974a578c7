import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { packageSource } from '../../catalog/package-sources.ts';
import { sha256 } from '../../model/digest.ts';
import { writeAtomic } from '../../store/atomic.ts';
import { fileSha256 } from '../../store/bundle.ts';
import type { Fetched } from '../events.ts';
import { aptRepository } from './apt.ts';
import { dnfRepository } from './dnf.ts';
import type { PackageRequest } from './request.ts';

/**
 * Fetches packages with everything that they depend on, as if nothing was installed, into an archive that is a package source
 * for the distribution's package manager: packages, and their index. The same package manager on this machine does it, with
 * folders of its own; this machine's packages and sources do not count. What the distribution signs is verified.
 * Throws KbootError E-USAGE if this machine lacks the package manager or keys, E-FETCH, E-STATE.
 */
export async function fetchPackages(path: string, request: PackageRequest): Promise<Fetched> {
  const source = packageSource(request.system, request.arch);
  const work = await mkdtemp(join(tmpdir(), 'kboot-packages-'));
  try {
    const repository =
      source.manager === 'apt'
        ? await aptRepository(work, source, request)
        : await dnfRepository(work, source, request);
    const bytes = await archiveOf(repository);
    if ((await fileSha256(path).catch(() => undefined)) === sha256(bytes)) return 'present';
    await writeAtomic(path, bytes, 0o644);
    return 'fetched';
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A tar.gz of the files in a folder; the same files make the same archive. */
async function archiveOf(folder: string): Promise<Buffer> {
  const tar = pack();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort())
    tar.entry({ name: relative(folder, file), mtime: new Date(0) }, await readFile(file));
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks), { level: 1 });
}
