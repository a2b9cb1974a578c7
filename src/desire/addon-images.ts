import type { RenderedAddons } from '../kube/addons.ts';
import type { KubeObject } from '../kube/types.ts';
import type { Addon } from '../model/addon.ts';

/** Fields of a Pod template whose items have an image. */
const containerFields = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** How deep an object may nest: what is deeper is no Pod template. */
const mostDepth = 60;

/**
 * The images of add-ons as containerd names them, each once: those of containers anywhere in their objects, also in
 * templates of their own kinds, and those that spec.addons lists.
 */
export function addonImages(addons: readonly Addon[], rendered: RenderedAddons): readonly string[] {
  const found = addons.flatMap(({ name, images }) => [
    ...images,
    ...(rendered.get(name) ?? []).flatMap(imagesIn),
  ]);
  return [...new Set(found.flatMap((image) => canonical(image) ?? []))].sort();
}

function imagesIn(object: KubeObject): string[] {
  const images: string[] = [];
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > mostDepth) return;
    for (const [key, item] of Object.entries(value) as [string, unknown][]) {
      if (containerFields.has(key) && Array.isArray(item))
        for (const container of item) {
          const { image } = (container ?? {}) as { readonly image?: unknown };
          if (typeof image === 'string') images.push(image);
        }
      visit(item, depth + 1);
    }
  };
  visit(object, 0);
  return images;
}

/**
 * A reference with its registry, and its tag or its digest: `busybox` is `docker.io/library/busybox:latest`. With a digest,
 * the tag does not count (distribution/reference, ParseDockerRef). Undefined for anything else.
 */
export function canonical(image: string): string | undefined {
  const [, path = '', tag, digest] =
    /^([a-z0-9][a-z0-9._:/-]*?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image) ?? [];
  const [first = '', ...rest] = path.split('/');
  if (first === '') return undefined;
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const named = isHost ? path : rest.length === 0 ? `docker.io/library/${path}` : `docker.io/${path}`;
  if (!/^[^/]+(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+$/.test(named)) return undefined;
  return digest === undefined ? `${named}:${tag ?? 'latest'}` : `${named}@${digest}`;
}
