import { join } from 'node:path';
import { inOrder } from '../../desire/addons.ts';
import { manifestInBundle } from '../../desire/bundle-contents.ts';
import type { RenderedAddons } from '../../kube/addons.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Addon, ManifestSource } from '../../model/addon.ts';
import { KbootError } from '../../model/error.ts';
import type { RenderedFor } from './chart.ts';
import { parsed } from './parsed.ts';
import type { LocalSources } from './read.ts';
import { remedies } from '../remedies.ts';

/** Maximum number of objects of one add-on. */
const mostObjects = 5000;

/**
 * The objects of every add-on, in the order of its manifests, those of its chart last: kustomizations and charts are rendered
 * on this machine, and URLs come from the bundle, this user's cache, or where they lead. `notes` are for the plan.
 * Throws KbootError E-ADDON for what cannot be rendered or read, E-FETCH.
 */
export async function renderAddons(
  addons: readonly Addon[],
  local: LocalSources,
  target: RenderedFor,
): Promise<{ readonly rendered: RenderedAddons; readonly notes: readonly string[] }> {
  const rendered = new Map<string, readonly KubeObject[]>();
  const notes: string[] = [];
  for (const addon of inOrder(addons)) {
    const { name, manifests, chart } = addon;
    const objects: KubeObject[] = [];
    for (const manifest of manifests)
      objects.push(...(await objectsOf(name, manifest, local, target.bundle)));
    if (chart !== undefined) {
      const { renderChart } = await import('./chart.ts');
      const needed = neededBy(addon, addons).flatMap((each) => rendered.get(each) ?? []);
      const made = await renderChart(addon, chart, [...objects, ...needed], target);
      objects.push(...made.objects);
      notes.push(...made.notes);
    }
    const isRead = manifests.every((manifest) => 'url' in manifest || local.has(manifest.path));
    const hasSource = manifests.length > 0 || chart !== undefined;
    if (hasSource && isRead && objects.length === 0)
      throw new KbootError('E-ADDON', `add-on ${name} has no objects`, { remedy: remedies.emptyAddon });
    if (objects.length > mostObjects)
      throw new KbootError(
        'E-ADDON',
        `add-on ${name} has ${objects.length} objects; the maximum is ${mostObjects}`,
        {
          remedy: remedies.splitAddon,
        },
      );
    rendered.set(name, objects);
  }
  return { rendered, notes };
}

/** The add-ons that one waits for, and those that these wait for. */
function neededBy({ after }: Pick<Addon, 'after'>, addons: readonly Addon[]): readonly string[] {
  const found = new Set(after);
  // A set that grows is visited to its end.
  for (const each of found)
    for (const next of addons.find(({ name }) => name === each)?.after ?? []) found.add(next);
  return [...found];
}

async function objectsOf(
  addon: string,
  manifest: ManifestSource,
  local: LocalSources,
  bundle: RenderedFor['bundle'],
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
