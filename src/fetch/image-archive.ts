import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { sha256 } from '../model/digest.ts';
import { writeAtomic } from '../store/atomic.ts';
import { archiveSums } from '../store/image-archive.ts';
import type { Fetched, Heard } from './events.ts';
import type { RemoteImage } from './registry.ts';

/** A file in an image archive. */
interface Member {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly content: Buffer | AsyncIterable<Uint8Array>;
}

/**
 * Fetches an image into an OCI archive, unless it already exists with the right checksums. Archives are reproducible.
 * Throws KbootError E-FETCH, E-INTERRUPTED, and E-STATE if it cannot be written.
 */
export async function saveImage(image: RemoteImage, path: string, heard: Heard): Promise<Fetched> {
  const total = image.layers.reduce((sum, { size }) => sum + size, 0);
  const members = membersOf(image, (bytes) => {
    heard(bytes, total);
  });
  const there = await archiveSums(path);
  if (there?.size === members.length && members.every((each) => there.get(each.name) === each.sha256))
    return 'present';
  await writeAtomic(path, tarOf(members), 0o644);
  return 'fetched';
}

/** https://github.com/opencontainers/image-spec/blob/main/image-layout.md, with containerd's name of the image. */
function membersOf(image: RemoteImage, heard: (bytes: number) => void): readonly Member[] {
  const { ref, arch, manifest, config, layers } = image;
  // Nothing in the archive refers to it: it proves that the manifest is the one that was published.
  const above = image.index === undefined ? [] : [image.index];
  const { mediaType, digest, size } = manifest;
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        mediaType,
        digest,
        size,
        platform: { os: 'linux', architecture: arch },
        annotations: {
          'io.containerd.image.name': ref,
          'org.opencontainers.image.ref.name': ref.slice(ref.lastIndexOf(':') + 1),
        },
      },
    ],
  };
  return [
    text('oci-layout', { imageLayoutVersion: '1.0.0' }),
    text('index.json', index),
    ...[...above, manifest, config].map((blob) => blobOf(blob, blob.bytes)),
    ...layers.map((layer) => blobOf(layer, image.read(layer, heard))),
  ];
}

function text(name: string, value: object): Member {
  const content = Buffer.from(JSON.stringify(value));
  return { name, size: content.length, sha256: sha256(content), content };
}

function blobOf(
  { digest, size }: { readonly digest: string; readonly size: number },
  content: Member['content'],
): Member {
  const hex = digest.slice('sha256:'.length);
  return { name: `blobs/sha256/${hex}`, size, sha256: hex, content };
}

/** Throws any error from reading a member's content. */
async function* tarOf(members: readonly Member[]): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const filled = fill(tar, members).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* tar as AsyncIterable<Uint8Array>;
  } finally {
    tar.destroy();
    await filled;
  }
}

async function fill(tar: Pack, members: readonly Member[]): Promise<void> {
  for (const { name, size, content } of members) {
    const header = { name, size, mtime: new Date(0) };
    if (Buffer.isBuffer(content)) tar.entry(header, content);
    else await pipeline(content, tar.entry(header));
  }
  tar.finalize();
}
