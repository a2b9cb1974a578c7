import type { Workspace } from '../app/workspace.ts';
import { inShort, originsOf, unofficial } from '../desire/bundle-origin.ts';
import { KbootError } from '../model/error.ts';
import { readAllowed, recordAllowed } from '../store/allowed-builds.ts';
import type { State } from '../store/state.ts';
import { confirm, isInteractive } from './terminal.ts';
import { remedies } from './remedies.ts';

/**
 * Before any host is contacted: asks once for the files and images of the bundle that are not official builds, and remembers
 * the answer for exactly these. The caller holds the lock. Throws KbootError E-BUNDLE if nobody vouches for them.
 */
export async function vouchFor(
  { desire: { bundle }, releases, cluster, allowUnofficial, signers }: Workspace,
  state: State,
  { yes }: { readonly yes: boolean },
): Promise<void> {
  // Whoever signed the bundle has vouched for all of it.
  if (bundle === undefined || signers !== undefined) return;
  const release = releases.get(cluster.kubernetesVersion);
  const sums = new Map(bundle.files.map(({ path, sha256 }) => [path, sha256]));
  const known = await readAllowed(state);
  const fresh = unofficial(originsOf(release, bundle)).filter(
    ({ path }) => !((sums.get(path) ?? '') in known),
  );
  if (fresh.length === 0) return;
  const what = `the bundle ${bundle.directory} has other builds than the official ones: ${inShort(fresh)}`;
  const asks = !allowUnofficial && !yes && isInteractive();
  if (!allowUnofficial && !asks)
    throw new KbootError('E-BUNDLE', what, {
      remedy: remedies.unofficialBuilds,
    });
  if (asks && !(await confirm(`${what}. Do you trust them?`, false, 'no')))
    throw new KbootError('E-BUNDLE', what, { remedy: remedies.nothingChanged });
  await recordAllowed(state, Object.fromEntries(fresh.map(({ path }) => [sums.get(path) ?? '', path])));
}
