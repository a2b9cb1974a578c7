import { bundleFor } from '../app/bundles.ts';
import { readInventory } from '../app/read-inventory.ts';
import { KbootError } from '../model/error.ts';
import { indexBundle } from '../store/bundle-index.ts';
import { openBundle, verifyBundle, type Bundle, type BundleIndex } from '../store/bundle.ts';
import type { BundleCommandArgs } from './args.ts';
import { event, print } from './terminal.ts';

/** Creates, indexes or verifies a bundle. */
export async function runBundle(args: BundleCommandArgs): Promise<void> {
  const { directory } = args;
  refuseIdleFlags(args);
  const index = await indexOf(args);
  const bytes = index.files.reduce((sum, file) => sum + file.size, 0);
  if (args.output === 'json') event({ type: 'bundle', directory, ...index });
  else
    print(
      `${directory}: ${args.action === 'verify' ? 'verified' : 'bundle.json written for'} ${index.files.length} files, ${Math.round(bytes / 1e6)} MB, ${index.images.length} images, Kubernetes ${index.kubernetesVersion}`,
    );
  if (args.action === 'create' && args.output === 'text')
    print(`Next: \`kboot up ${args.inventory ?? 'INVENTORY'} --bundle ${directory}\`${wanted(args, index)}`);
}

async function indexOf(args: BundleCommandArgs): Promise<BundleIndex> {
  const { action, directory } = args;
  if (action === 'index') return await indexBundle(directory, args['kubernetes-version']);
  if (action === 'create') return await (await import('./bundle-create-run.ts')).runCreate(args);
  const bundle = openBundle({ directory });
  if (args.inventory !== undefined) refuseOtherBundle(args.inventory, bundle);
  await verifyBundle(bundle);
  return bundle;
}

/** Throws KbootError E-BUNDLE if the bundle is for another version than the inventory, or differs from its lock. */
function refuseOtherBundle(inventory: string, bundle: Bundle): void {
  const { cluster, releases } = readInventory(inventory, { withoutFiles: true });
  const bundles = new Map([[bundle.kubernetesVersion, bundle]]);
  bundleFor({ bundles, releases, allowUnofficial: false }, cluster.kubernetesVersion);
}

function refuseIdleFlags(args: BundleCommandArgs): void {
  if (args.action === 'create') return;
  const { mirror, arch } = args;
  const given = Object.entries({
    inventory: args.action === 'verify' ? undefined : args.inventory,
    mirror,
    arch: arch[0],
    'image-repository': args['image-repository'],
    'kubernetes-version': args.action === 'index' ? undefined : args['kubernetes-version'],
  }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (given.length === 0) return;
  throw new KbootError('E-USAGE', `\`kboot bundle ${args.action}\` does not take ${given.join(', ')}`, {
    remedy: '`kboot bundle --help` shows which action takes which flag.',
  });
}

/** The fields that an inventory must set to match the bundle. */
function wanted(args: BundleCommandArgs, { kubernetesVersion }: BundleIndex): string {
  if (args.inventory !== undefined) return '';
  const repository = args['image-repository'];
  return `, with kubernetesVersion: ${kubernetesVersion}${repository === undefined ? '' : ` and imageRepository: ${repository}`} in the inventory`;
}
