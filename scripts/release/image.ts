import { gzipSync } from 'node:zlib';
import { sha256 } from '../../src/model/digest.ts';
import { tar, type Entry } from './archive.ts';

/** What a container image is. */
export interface Image {
  /** `localhost/kboot:0.1.0` */
  readonly name: string;
  readonly architecture: 'amd64' | 'arm64';
  readonly created: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly workingDir: string;
  readonly env: readonly string[];
  /** The files of each layer, the lowest first. */
  readonly layers: readonly (readonly Entry[])[];
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * An OCI image layout in a tar archive, which `podman load`, `docker load`, `skopeo copy oci-archive:` and
 * `ctr images import` read: blobs, index.json, and manifest.json for versions of Docker that know no OCI layout.
 */
export async function ociArchive(image: Image): Promise<Buffer> {
  const files = new Map<string, Buffer>();
  const blob = (mediaType: string, content: Buffer): Blob => {
    files.set(`blobs/sha256/${sha256(content)}`, content);
    return { mediaType, digest: `sha256:${sha256(content)}`, size: content.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

  const plain = await Promise.all(image.layers.map((layer) => tar(layer, image.created)));
  const layers = plain.map((layer) =>
    blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(layer, { level: 9 })),
  );
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    json({
      architecture: image.architecture,
      os: 'linux',
      created: image.created.toISOString(),
      config: {
        Entrypoint: image.entrypoint,
        WorkingDir: image.workingDir,
        Env: image.env,
        Labels: image.labels,
      },
      rootfs: { type: 'layers', diff_ids: plain.map((layer) => `sha256:${sha256(layer)}`) },
      history: image.layers.map(() => ({ created: image.created.toISOString(), created_by: 'kboot' })),
    }),
  );
  const manifest = blob(
    'application/vnd.oci.image.manifest.v1+json',
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers,
    }),
  );
  const annotations = {
    'org.opencontainers.image.ref.name': image.name,
    'io.containerd.image.name': image.name,
  };
  files.set('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  files.set('index.json', json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  files.set(
    'manifest.json',
    json([{ Config: pathOf(config), RepoTags: [image.name], Layers: layers.map(pathOf) }]),
  );
  const entries = [...files].map(([path, content]) => ({ path, mode: 0o644, content }));
  return await tar(entries, image.created);
}

function pathOf({ digest }: Blob): string {
  return `blobs/${digest.replace(':', '/')}`;
}
