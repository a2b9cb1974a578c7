import * as z from 'zod';
import { strictJson } from './strict-json.ts';

/*
 * The documents of an image: https://github.com/opencontainers/image-spec, and Docker's of the same form,
 * https://distribution.github.io/distribution/spec/manifest-v2-2/
 */

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const size = z.int().nonnegative();
const descriptor = z.object({ mediaType: z.string(), digest, size });
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

export const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
] as const;
export const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;
const configTypes = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
] as const;
/** Without those whose content is elsewhere, at `urls`. */
const layerTypes = [
  ...['', '+gzip', '+zstd'].map((how) => `application/vnd.oci.image.layer.v1.tar${how}`),
  ...['', '.gzip', '.zstd'].map((how) => `application/vnd.docker.image.rootfs.diff.tar${how}`),
];

/** More than any image has; a longer list, or a larger layer, is somebody's attempt to fill a disk. */
const most = { entries: 256, layer: 8 * 2 ** 30, image: 16 * 2 ** 30 };

const indexSchema = z.object({
  manifests: z
    .array(
      descriptor.extend({
        platform: platform.optional(),
        annotations: z.record(z.string(), z.string()).optional(),
      }),
    )
    .max(most.entries),
});
const manifestSchema = z.object({
  config: descriptor.extend({ mediaType: z.enum(configTypes) }),
  layers: z
    .array(descriptor.extend({ mediaType: z.enum(layerTypes), size: size.max(most.layer) }))
    .max(most.entries)
    .refine((layers) => layers.reduce((sum, layer) => sum + layer.size, 0) <= most.image, {
      error: `layers of more than ${most.image} bytes`,
    }),
});
const configSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }).optional(),
});

/** A blob by its digest, `sha256:HEX`. */
export type Descriptor = z.infer<typeof descriptor>;
export type IndexEntry = z.infer<typeof indexSchema>['manifests'][number];

/** A document that a tag or an entry of an index leads to. */
export type ImageDocument =
  | { readonly kind: 'index'; readonly mediaType: string; readonly manifests: readonly IndexEntry[] }
  | {
      readonly kind: 'manifest';
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    };

const fields = [
  ...['schemaVersion', 'mediaType', 'manifests', 'config', 'layers', 'annotations', 'digest', 'size'],
  ...['platform', 'os', 'architecture', 'variant', 'urls', 'rootfs', 'diff_ids', 'fsLayers'],
];

/**
 * Reads an index or a manifest; `stated` is the media type that led to it, if any. Throws an Error that says what is wrong
 * with it, as a phrase that follows its name.
 */
export function readDocument(bytes: Uint8Array, stated?: string): ImageDocument {
  const data = strictJson(bytes, fields);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new Error(unreadable);
  const { schemaVersion, mediaType } = data as { schemaVersion?: unknown; mediaType?: unknown };
  if (schemaVersion === 1 || 'fsLayers' in data)
    throw new Error("is in Docker's first format (schema 1), which kboot does not read");
  const isIndex = 'manifests' in data;
  // CVE-2021-41190: which of the two it is would depend on who reads it.
  if (isIndex && ('layers' in data || 'config' in data))
    throw new Error('is an index and an image at the same time');
  if (mediaType !== undefined && stated !== undefined && mediaType !== stated)
    throw new Error(`is served as ${stated}, but says that it is ${JSON.stringify(mediaType)}`);
  const types: readonly string[] = isIndex ? indexTypes : manifestTypes;
  const type = mediaType ?? stated ?? types[0];
  if (typeof type !== 'string' || !types.includes(type))
    throw new Error(`has the media type ${JSON.stringify(type)}, but ${isIndex ? 'is an index' : 'is none'}`);
  const parsed = isIndex ? indexSchema.safeParse(data) : manifestSchema.safeParse(data);
  if (!parsed.success) throw new Error(`${unreadable} (${problem(parsed.error)})`);
  return 'manifests' in parsed.data
    ? { kind: 'index', mediaType: type, ...parsed.data }
    : { kind: 'manifest', mediaType: type, ...parsed.data };
}

/** The platform of an image's configuration, and the digests of its layers when unpacked. Throws as readDocument does. */
export function readConfig(bytes: Uint8Array): {
  readonly os: string;
  readonly architecture: string;
  readonly diffIds: readonly string[];
} {
  const parsed = configSchema.safeParse(strictJson(bytes, fields));
  if (!parsed.success) throw new Error(`is not the configuration of an image (${problem(parsed.error)})`);
  const { os, architecture, rootfs } = parsed.data;
  return { os, architecture, diffIds: rootfs?.diff_ids ?? [] };
}

/** The entry of an index for Linux on one architecture; undefined: it has none. Throws an Error if it has several. */
export function entryFor(manifests: readonly IndexEntry[], arch: string): IndexEntry | undefined {
  const plain = { amd64: 'v1', arm64: 'v8' }[arch];
  const found = manifests.filter(
    ({ platform: of }) =>
      of?.os === 'linux' && of.architecture === arch && (of.variant === undefined || of.variant === plain),
  );
  if (new Set(found.map((entry) => entry.digest)).size > 1)
    throw new Error(`has several images for linux/${arch}`);
  return found[0];
}

const unreadable = 'is not an image that kboot can read';

function problem(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}
