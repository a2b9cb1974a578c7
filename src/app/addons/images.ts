import { knownDigests } from '../../catalog/known-digests.ts';
import type { Release } from '../../catalog/release.ts';
import { lockFileName } from '../../catalog/release-lock.ts';
import { addonImages } from '../../desire/addon-images.ts';
import type { RenderedAddons } from '../../kube/addons.ts';
import type { Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import { plural } from '../../model/plural.ts';
import type { Bundle } from '../../store/bundle.ts';
import type { ReadInventory } from '../read-inventory.ts';
import { renderAddons } from './render.ts';

/** The images of the add-ons of an inventory, as containerd names them. Throws what renderAddons throws. */
export async function imagesOfAddons({
  cluster,
  addonSources,
}: Pick<ReadInventory, 'cluster' | 'addonSources'>): Promise<readonly string[]> {
  const addons = cluster.addons ?? [];
  const { kubernetesVersion } = cluster;
  const { rendered } = await renderAddons(addons, addonSources, { kubernetesVersion });
  return addonImages(addons, rendered);
}

/** Throws KbootError E-INVENTORY if the release is in kboot.lock.yaml, and has no digest of an image of an add-on. */
export function refuseUnlockedImages(
  { addons = [] }: Pick<Cluster, 'addons'>,
  rendered: RenderedAddons,
  release: Release | undefined,
): void {
  if (release?.locked === undefined) return;
  const missing = addonImages(addons, rendered).filter((ref) => knownDigests(release, ref) === undefined);
  if (missing.length === 0) return;
  throw new KbootError(
    'E-INVENTORY',
    `${lockFileName} lacks ${plural(missing.length, 'image')} of add-ons: ${few(missing, 3)}`,
    { remedy: '`kboot lock INVENTORY` adds them. Nothing was contacted.' },
  );
}

/** Images of add-ons that a bundle does not have: nodes pull them, if they can. */
export function imagesBesideBundle(
  { addons = [] }: Pick<Cluster, 'addons'>,
  rendered: RenderedAddons,
  bundle: Bundle | undefined,
): readonly string[] {
  if (bundle === undefined) return [];
  const held = new Set(bundle.images.map(({ ref }) => ref));
  const missing = addonImages(addons, rendered).filter((ref) => !held.has(ref));
  if (missing.length === 0) return [];
  return [
    `the bundle lacks ${plural(missing.length, 'image')} of add-ons: ${few(missing, 3)}; nodes pull ${missing.length === 1 ? 'it' : 'them'} from the registry. \`kboot bundle create DIR --inventory FILE\` fetches what add-ons need`,
  ];
}
