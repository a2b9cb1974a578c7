import { writeFileSync } from 'node:fs';
import { pack, type Header } from 'tar-stream';
import { sha256 } from '../../src/model/digest.ts';

/** A member of a tar: a name with its content, or with a header of its own. */
export type Member = readonly [name: string, content: string, header?: Partial<Header>];

/** Writes a tar with these members, in this order. */
export async function writeTar(path: string, members: readonly Member[]): Promise<void> {
  const tar = pack();
  for (const [name, content, header] of members)
    tar.entry({ name, mtime: new Date(0), ...header }, content, () => undefined);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  writeFileSync(path, Buffer.concat(chunks));
}

export const ref = 'registry.k8s.io/coredns/coredns:v1.14.2';
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const ociLayer = 'application/vnd.oci.image.layer.v1.tar';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A blob as a member of an OCI layout, and what refers to it. */
export function blob(text: string, mediaType: string): readonly [Descriptor, Member] {
  const hex = sha256(text);
  return [
    { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) },
    [`blobs/sha256/${hex}`, text],
  ];
}

export interface Layout {
  readonly config: readonly [Descriptor, Member];
  readonly layer: readonly [Descriptor, Member];
  readonly manifest: readonly [Descriptor, Member];
  /** index.json */
  readonly top: Record<string, unknown> & { readonly manifests: readonly object[] };
  /** All members, in order: the first two are oci-layout and index.json. */
  readonly members: readonly Member[];
}

/** The members of an OCI archive of one image; `name` and `arch` tell images apart. */
export function layout({ name = ref, arch = 'amd64', os = 'linux', more = {} } = {}): Layout {
  const config = blob(JSON.stringify({ os, architecture: arch, name }), ociConfig);
  const layer = blob(`layer of ${name} `.repeat(100), ociLayer);
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: config[0],
      layers: [layer[0]],
      ...more,
    }),
    ociManifest,
  );
  const annotations = { 'io.containerd.image.name': name };
  const top = { schemaVersion: 2, mediaType: ociIndex, manifests: [{ ...manifest[0], annotations }] };
  return {
    ...{ config, layer, manifest, top },
    members: [
      ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
      ['index.json', JSON.stringify(top)],
      manifest[1],
      config[1],
      layer[1],
    ],
  };
}
