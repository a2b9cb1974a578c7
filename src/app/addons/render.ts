import { join } from 'node:path';
import { manifestInBundle } from '../../desire/bundle-contents.ts';
import { readManifest } from '../../kube/manifests.ts';
import type { RenderedAddons } from '../../kube/addons.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Addon, ManifestSource } from '../../model/addon.ts';
import { KbootError } from '../../model/error.ts';
import type { Bundle } from '../../store/bundle.ts';
import type { LocalSources } from './read.ts';

/** Maximum number of objects of one add-on. */
const mostObjects = 5000;

/**
 * The objects of every add-on, in the order of its manifests: kustomizations are built on this machine, and URLs come from
 * the bundle, this user's cache, or where they lead. Throws KbootError E-ADDON for what cannot be built or read, E-FETCH.
 */
export async function renderAddons(
  addons: readonly Addon[],
  local: LocalSources,
  bundle?: Pick<Bundle, 'directory' | 'files'>,
): Promise<RenderedAddons> {
  const rendered = new Map<string, readonly KubeObject[]>();
  for (const { name, manifests } of addons) {
    const objects: KubeObject[] = [];
    for (const manifest of manifests) objects.push(...(await objectsOf(name, manifest, local, bundle)));
    if (objects.length > mostObjects)
      throw new KbootError(
        'E-ADDON',
        `add-on ${name} has ${objects.length} objects; the maximum is ${mostObjects}`,
        {
          remedy: 'Split it into several add-ons.',
        },
      );
    rendered.set(name, objects);
  }
  return rendered;
}

async function objectsOf(
  addon: string,
  manifest: ManifestSource,
  local: LocalSources,
  bundle: Pick<Bundle, 'directory' | 'files'> | undefined,
): Promise<readonly KubeObject[]> {
  if ('url' in manifest) {
    const { url, sha256 } = manifest;
    const path = manifestInBundle(sha256);
    const held =
      bundle?.files.some((file) => file.path === path) === true ? [join(bundle.directory, path)] : [];
    const { fetchPinned } = await import('../../fetch/pinned.ts');
    return parsed(addon, url, String(await fetchPinned(new URL(url), sha256, held)));
  }
  const source = local.get(manifest.path);
  if (source === undefined) return [];
  if ('objects' in source) return source.objects;
  const { buildKustomization } = await import('../../store/kustomize.ts');
  return parsed(addon, source.kustomization, await buildKustomization(source.kustomization));
}

function parsed(addon: string, source: string, text: string): readonly KubeObject[] {
  const { objects, problems } = readManifest(text);
  if (problems.length === 0) return objects;
  throw new KbootError('E-ADDON', `add-on ${addon}: ${source} is not a manifest`, {
    detail: problems.join('\n'),
    remedy: 'Correct what it has there. Nothing was contacted.',
  });
}
