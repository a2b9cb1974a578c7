import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFor } from '../app/bundles.ts';
import { readInventory } from '../app/read-inventory.ts';
import { catalog, type Release } from '../catalog/release.ts';
import { originsOf } from '../desire/bundle-origin.ts';
import { bundleSbom } from '../desire/bundle-sbom.ts';
import { KbootError } from '../model/error.ts';
import { kbootVersion } from '../model/kboot-version.ts';
import { indexBundle } from '../store/bundle-index.ts';
import {
  holdToSigners,
  readSigningKey,
  removeOldSignature,
  signatureName,
  signBundle,
} from '../store/bundle-signature.ts';
import { openBundle, verifyBundle, type Bundle, type BundleIndex } from '../store/bundle.ts';
import type { BundleCommandArgs } from './args.ts';
import { event, note, print } from './terminal.ts';
import { visibleJson } from '../model/visible.ts';
import { originText } from '../view/origin-text.ts';
import { block, line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Carries out an action of `kboot bundle`. */
export async function runBundle(args: BundleCommandArgs): Promise<void> {
  const { directory } = args;
  refuseIdleFlags(args);
  if (args.action === 'sbom') {
    await printSbom(args);
    return;
  }
  if (args.action === 'push') {
    await (await import('./bundle-push-run.ts')).runPush(args);
    return;
  }
  const signKey = args['sign-key'] === undefined ? undefined : readSigningKey(args['sign-key'], directory);
  const { signedBy, ...index } = await indexOf(args);
  if (signKey !== undefined) await signBundle(directory, signKey);
  else if (args.action !== 'verify' && removeOldSignature(directory))
    note(line`${directory}/${signatureName} was of another bundle.json: it is removed, sign again`);
  const origins = originsOf(await releaseFor(args, index.kubernetesVersion), index);
  // A delta lists all files of the whole.
  const files = index.files.filter(({ path }) => existsSync(join(directory, path)));
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (args.output === 'json')
    event({
      type: 'bundle',
      directory,
      ...index,
      origins: [...origins],
      ...(signedBy !== undefined && { signedBy }),
    });
  else {
    const text = originText(origins);
    if (text !== '') print(text);
    if (signedBy !== undefined) print(line`signed by ${signedBy === '' ? 'a trusted key' : signedBy}`);
    if (args.since !== undefined)
      print(
        line`${directory}: a delta of ${files.length} files, ${Math.round(bytes / 1e6)} MB; ${index.files.length - files.length} files are in ${args.since}`,
      );
    else
      print(
        line`${directory}: ${args.action === 'verify' ? 'verified' : 'bundle.json written for'} ${index.files.length} files, ${Math.round(bytes / 1e6)} MB, ${index.images.length} images, Kubernetes ${index.kubernetesVersion}`,
      );
  }
  if (args.since !== undefined && args.output === 'text')
    print(
      line`Next, where the hosts are: \`cp -a ${directory}/. BUNDLE/\`, with BUNDLE a copy of ${args.since}; then \`kboot bundle verify BUNDLE\``,
    );
  else if (args.action === 'create' && args.output === 'text')
    print(
      line`Next: \`kboot up ${args.inventory ?? 'INVENTORY'} --bundle ${directory}\`${wanted(args, index)}`,
    );
}

/** Its SPDX document; the files are not read. */
async function printSbom(args: BundleCommandArgs): Promise<void> {
  const { directory } = args;
  const bundle = openBundle({ directory });
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const created =
    epoch !== undefined && /^\d{1,10}$/.test(epoch)
      ? Number(epoch)
      : Math.floor(statSync(join(directory, 'bundle.json')).mtimeMs / 1000);
  const sbom = bundleSbom(bundle, await releaseFor(args, bundle.kubernetesVersion), {
    created,
    kboot: kbootVersion(),
  });
  if (args.output === 'json') event({ type: 'sbom', directory, sbom: { ...sbom } });
  else print(block(visibleJson(sbom, 2)));
}

/** What the lock beside the inventory, or the catalog, has for a version; undefined if neither has it. */
async function releaseFor({ inventory }: BundleCommandArgs, version: string): Promise<Release | undefined> {
  const releases =
    inventory === undefined ? catalog : (await readInventory(inventory, { withoutFiles: true })).releases;
  return releases.versions.includes(version) ? releases.get(version) : undefined;
}

async function indexOf(args: BundleCommandArgs): Promise<BundleIndex & { readonly signedBy?: string }> {
  const { action, directory } = args;
  if (action === 'index') return await indexBundle(directory, args['kubernetes-version']);
  if (action === 'create') return await (await import('./bundle-create-run.ts')).runCreate(args);
  const bundle = openBundle({ directory });
  const wanted = args.inventory === undefined ? undefined : await refuseOtherBundle(args.inventory, bundle);
  const signers = args.signers.length > 0 ? args.signers : wanted;
  const signedBy = signers === undefined ? undefined : holdToSigners(bundle, signers);
  const { apiVersion, kind, kubernetesVersion, files, since } = bundle;
  const images = [...(await verifyBundle(bundle))];
  return {
    ...{ apiVersion, kind, kubernetesVersion, files, images },
    ...(since !== undefined && { since }),
    ...(signedBy !== undefined && { signedBy }),
  };
}

/**
 * Throws KbootError E-BUNDLE if the bundle is for another version than the inventory, or differs from its lock. Returns who
 * must have signed it, according to the inventory.
 */
async function refuseOtherBundle(inventory: string, bundle: Bundle): Promise<readonly string[] | undefined> {
  const { cluster, releases } = await readInventory(inventory, { withoutFiles: true });
  const bundles = new Map([[bundle.kubernetesVersion, bundle]]);
  bundleFor({ bundles, releases, allowUnofficial: false }, cluster.kubernetesVersion);
  return cluster.artifacts.bundleSigners;
}

type Action = BundleCommandArgs['action'];

/** Which actions take which flag. */
const flagsOf: Readonly<Record<string, readonly Action[]>> = {
  ...{ mirror: ['create'], arch: ['create'], 'image-repository': ['create'], 'allow-unofficial': ['create'] },
  ...{ 'kubernetes-version': ['create', 'index'], inventory: ['create', 'verify', 'sbom'] },
  ...{ since: ['create'], packages: ['create'], 'packages-mirror': ['create'] },
  ...{ 'packages-key': ['create'] },
  ...{ signers: ['verify'], 'sign-key': ['create', 'index'] },
  ...{ registry: ['push'], username: ['push'], 'password-file': ['push'], 'ca-file': ['push'] },
  ...{ 'plain-http': ['push'], insecure: ['push'] },
};

function refuseIdleFlags(args: BundleCommandArgs): void {
  const isGiven = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  const given = Object.entries(flagsOf).flatMap(([name, actions]) =>
    actions.includes(args.action) || !isGiven(args[name as keyof BundleCommandArgs]) ? [] : [`--${name}`],
  );
  if (given.length === 0) return;
  throw new KbootError('E-USAGE', `\`kboot bundle ${args.action}\` does not take ${given.join(', ')}`, {
    remedy: remedies.bundleHelp,
  });
}

/** The fields that an inventory must set to match the bundle. */
function wanted(args: BundleCommandArgs, { kubernetesVersion }: BundleIndex): string {
  if (args.inventory !== undefined) return '';
  const repository = args['image-repository'];
  return `, with kubernetesVersion: ${kubernetesVersion}${repository === undefined ? '' : ` and imageRepository: ${repository}`} in the inventory`;
}
