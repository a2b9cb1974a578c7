import { knownDigests } from '../../catalog/known-digests.ts';
import type { Release } from '../../catalog/release.ts';
import { lockFileName } from '../../catalog/release-lock.ts';
import { addonImages } from '../../desire/addon-images.ts';
import { defaults } from '../../inventory/defaults.ts';
import type { RenderedAddons } from '../../kube/addons.ts';
import type { Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import { plural } from '../../model/plural.ts';
import type { Bundle } from '../../store/bundle.ts';
import type { ReadInventory } from '../read-inventory.ts';
import { renderAddons } from './render.ts';
import { remedies } from '../remedies.ts';

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
    { remedy: remedies.lockAddsImages },
  );
}

/**
 * For the plan: images of add-ons that the bundle does not have, so that nodes pull them; and with spec.imageRepository, which
 * is no registry of theirs, those registries that have no mirror.
 */
export function imagesToPull(
  { addons = [], imageRepository, containerd }: Pick<Cluster, 'addons' | 'imageRepository' | 'containerd'>,
  rendered: RenderedAddons,
  bundle: Pick<Bundle, 'images'> | undefined,
): readonly string[] {
  const held = new Set(bundle?.images.map(({ ref }) => ref));
  const pulled = addonImages(addons, rendered).filter((ref) => !held.has(ref));
  const mirrored = (containerd.registries ?? []).filter(({ mirrors }) => mirrors.length > 0);
  const reached = new Set([hostOf(imageRepository), ...mirrored.map(({ host }) => host)]);
  const hosts = [...new Set(pulled.map(hostOf))].filter((host) => !reached.has(host));
  const isElsewhere = imageRepository !== defaults.imageRepository && !reached.has('_default');
  return [
    ...(bundle === undefined || pulled.length === 0
      ? []
      : [
          `the bundle lacks ${plural(pulled.length, 'image')} of add-ons: ${few(pulled, 3)}; nodes pull ${pulled.length === 1 ? 'it' : 'them'} from the registry. \`kboot bundle create DIR --inventory FILE\` fetches what add-ons need`,
        ]),
    ...(isElsewhere && hosts.length > 0
      ? [
          `images of add-ons come from ${few(hosts, 4)}, not from spec.imageRepository: nodes that cannot reach ${hosts.length === 1 ? 'it need a mirror of it' : 'them need mirrors'} in spec.containerd.registries, or a bundle with these images`,
        ]
      : []),
  ];
}

function hostOf(ref: string): string {
  return ref.split('/')[0] ?? '';
}
