import { join } from 'node:path';
import { registryLayout, type RegistryLayout } from '../desire/registry-layout.ts';
import type { PushEvent } from '../fetch/events.ts';
import { pushImage, pushIndex, refuseNoRegistry, type PushedAs, type PushRegistry } from '../fetch/push.ts';
import { remedies as ofFetch } from '../fetch/remedies.ts';
import type { Credentials } from '../fetch/registry-login.ts';
import { openWeb, type Trust } from '../fetch/web.ts';
import { KbootError } from '../model/error.ts';
import { refuseOtherFile, type Bundle, type BundleImage } from '../store/bundle.ts';
import {
  blobOf,
  openImageArchive,
  type ImageArchive,
  type ImageBlob,
  type ImageContent,
} from '../store/image-content.ts';
import { indexTypes } from '../store/oci.ts';
import { remedies } from './remedies.ts';

export interface PushOptions {
  readonly bundle: Bundle;
  /** HOST[:PORT][/PATH] */
  readonly registry: string;
  readonly credentials: Credentials | undefined;
  readonly trust: Trust;
  readonly plainHttp: boolean;
  readonly signal: AbortSignal;
  readonly tell: (event: PushEvent) => void;
  /** Called with every request. */
  readonly heard: (line: string) => void;
}

export interface Pushed {
  readonly layout: RegistryLayout;
  /** References with a digest that the registry does not know: it has the image, but not the index that the digest is of. */
  readonly unpinned: readonly string[];
}

/**
 * Pushes every image of a bundle that a registry lacks, one after another, layers that it has excepted. Throws KbootError
 * E-BUNDLE if an archive is not what bundle.json says, E-PUSH at the first image that the registry does not take,
 * E-INTERRUPTED.
 */
export async function pushBundle(options: PushOptions): Promise<Pushed> {
  const { bundle, registry: name, plainHttp, signal } = options;
  const [host = ''] = name.split('/');
  const refs = [...new Set(bundle.images.map(({ ref }) => ref))].sort();
  const layout = registryLayout(refs, name);
  const web = openWeb({ signal, heard: options.heard, trust: options.trust });
  const registry: PushRegistry = {
    ...{ web, origin: `${plainHttp ? 'http' : 'https'}://${host}`, credentials: options.credentials },
    layers: new Map(),
  };
  const unpinned: string[] = [];
  try {
    await refuseNoRegistry(registry);
    for (const ref of refs) {
      const as = layout.places.get(ref);
      const images = bundle.images.filter((image) => image.ref === ref);
      if (as !== undefined && !(await pushReference(registry, host, ref, as, images, options)))
        unpinned.push(ref);
    }
  } catch (error) {
    if (error instanceof KbootError && error.code === 'E-INTERRUPTED')
      throw new KbootError('E-INTERRUPTED', `interrupted; ${name} lacks images`, {
        remedy: ofFetch.pushAgain,
      });
    throw error;
  } finally {
    web.close();
  }
  return { layout, unpinned };
}

/** False: the reference is a digest that the registry does not know now. */
async function pushReference(
  registry: PushRegistry,
  host: string,
  image: string,
  as: PushedAs,
  held: readonly BundleImage[],
  { bundle, tell }: PushOptions,
): Promise<boolean> {
  const { repository, reference } = as;
  const isDigest = reference.startsWith('sha256:');
  const to = `${host}/${repository}${isDigest ? '@' : ':'}${reference}`;
  tell({ type: 'pushing', image, to });
  const found: { readonly arch: string; readonly archive: ImageArchive; readonly content: ImageContent }[] =
    [];
  for (const { path, arch } of held) {
    await refuseOtherFile(bundle, path);
    const archive = await openImageArchive(join(bundle.directory, path), arch);
    const content = archive.images.get(image);
    if (content !== undefined) found.push({ arch, archive, content });
  }
  const [first] = found;
  if (first === undefined)
    throw new KbootError('E-BUNDLE', `no archive of the bundle has ${image}`, {
      remedy: remedies.indexAgain,
    });
  const top = found.length === 1 ? first.content.manifest : indexOf(found);
  const size = sizeOf(found.map(({ content }) => content));
  const sent = await pushImage(
    registry,
    { repository, reference: isDigest ? top.digest : reference },
    top,
    found.map(({ archive, content }) => ({ content, layers: (digests) => archive.layers(digests) })),
    (bytes) => {
      tell({ type: 'bytes', to, bytes, total: size });
    },
  );
  // The index that its project published: kboot.lock.yaml and manifests of add-ons may name its digest.
  const known = new Set([top.digest, ...found.map(({ content }) => content.manifest.digest)]);
  for (const { content } of found)
    if (content.index !== undefined && !known.has(content.index.digest))
      if (await pushIndex(registry, repository, content.index)) known.add(content.index.digest);
  tell({ type: 'pushed', image, to, digest: top.digest, size, ...(sent !== undefined && { sent }) });
  return !isDigest || known.has(reference);
}

const sizeOf = (contents: readonly ImageContent[]): number =>
  [
    ...new Map(contents.flatMap(({ layers }) => layers.map((layer) => [layer.digest, layer.size]))).values(),
  ].reduce((sum, size) => sum + size, 0);

/** An index of the images for several architectures; it depends on nothing but them. */
function indexOf(found: readonly { readonly arch: string; readonly content: ImageContent }[]): ImageBlob {
  const manifests = [...found]
    .sort((a, b) => (a.arch < b.arch ? -1 : 1))
    .map(
      ({
        arch,
        content: {
          manifest: { mediaType, digest, size },
        },
      }) => ({
        ...{ mediaType, digest, size },
        platform: { os: 'linux', architecture: arch },
      }),
    );
  const [mediaType] = indexTypes;
  return blobOf(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })), mediaType);
}
