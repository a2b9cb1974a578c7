import { KbootError } from '../model/error.ts';
import { tarEntries } from './image-archive.ts';

/**
 * References in a docker-archive (manifest.json) or OCI (index.json) tar, with the digests that an OCI index states.
 * `onlyIndex`: the rest of the archive is not read. Throws E-BUNDLE if there are none.
 */
export async function imageRefs(
  file: string,
  { onlyIndex = false } = {},
): Promise<ReadonlyMap<string, string | undefined>> {
  const refs = new Map<string, string | undefined>();
  try {
    for await (const entry of tarEntries(file)) {
      if (entry.header.name !== 'manifest.json' && entry.header.name !== 'index.json') {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      for (const [ref, digest] of refsIn(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
        refs.set(ref, digest ?? refs.get(ref));
      if (onlyIndex && entry.header.name === 'index.json' && refs.size > 0) break;
    }
  } catch (cause) {
    throw new KbootError(
      'E-BUNDLE',
      `${file} is not an image archive: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
  if (refs.size === 0)
    throw new KbootError('E-BUNDLE', `${file} has no image reference`, {
      remedy: 'Save it with its tag: `docker save NAME:TAG` or `ctr images export`.',
    });
  return refs;
}

function refsIn(manifest: unknown): (readonly [ref: string, digest?: string | undefined])[] {
  if (Array.isArray(manifest))
    return (manifest as { RepoTags?: string[] | null }[]).flatMap(({ RepoTags }) =>
      (RepoTags ?? []).map((ref) => [ref] as const),
    );
  const { manifests = [] } = manifest as {
    manifests?: { digest?: string; annotations?: Record<string, string> }[];
  };
  return manifests.flatMap(({ digest, annotations }) => {
    const ref = annotations?.['io.containerd.image.name'];
    return ref === undefined ? [] : [[ref, digest] as const];
  });
}
