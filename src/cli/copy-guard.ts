import { compare, readCopy, statedCopy, type CopySite } from '../app/state/copy.ts';
import { pushState } from '../app/state/push.ts';
import type { Cluster } from '../model/cluster.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import type { CopyComparison } from '../model/state-settings.ts';
import { refuseWithoutPassphrase } from '../store/state-secret.ts';
import { comparisonText, pushedText } from '../view/state-text.ts';
import type { InventoryArgs } from './args.ts';
import { isInteractive, note, tellError } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** What a run must not continue from: somebody else's changes are not in the folder. */
const outdated: readonly CopyComparison[] = ['copy-changed', 'both-changed', 'unrelated'];

/**
 * Around a run that may change the state folder: refuses an outdated folder, and pushes what has changed, whatever became of
 * the run. Does nothing without spec.state.copy. Returns the run's exit status, 1 if only the push failed.
 * Throws KbootError E-STATE-COPY, E-STATE-KEY before the run.
 */
export async function withCopy(
  args: InventoryArgs,
  cluster: Cluster,
  run: () => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const site = statedCopy(args, { cluster });
  if (site === undefined) return await run();
  const before = await readCopy(site);
  const comparison = compare(before, site.recipients);
  if (outdated.includes(comparison))
    throw new KbootError('E-STATE-COPY', comparisonText(site, comparison), {
      remedy: remedies.folderFirst,
    });
  if (site.recipients.length === 0) refuseWithoutPassphrase(site.target, isInteractive());
  let status: ExitStatus | undefined;
  try {
    status = await run();
  } finally {
    const isPushed = await pushed(site, before.content, status === exitStatus.done);
    if (!isPushed && status === exitStatus.done) status = exitStatus.stepFailed;
  }
  return status;
}

/** false: it had to be pushed, and was not. `always`: also what had changed before the run. */
async function pushed(site: CopySite, contentBefore: string, always: boolean): Promise<boolean> {
  try {
    const read = await readCopy(site);
    const unchanged = read.content === contentBefore && !always;
    if (read.files.size === 0 || unchanged || compare(read, site.recipients) === 'same') return true;
    const result = await pushState(site);
    if (result === undefined) return true;
    note(pushedText(site.target, result));
    return true;
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    tellError(error);
    note(
      line`The cluster was changed, but the copy of the state folder is outdated: run \`kboot state push INVENTORY\`.`,
    );
    return false;
  }
}

/** For commands that only look: what differs between the folder and its copy, if the inventory names one and they differ. */
export async function tellCopy(args: InventoryArgs, cluster: Cluster): Promise<void> {
  const site = statedCopy(args, { cluster });
  if (site === undefined) return;
  const comparison = compare(await readCopy(site), site.recipients);
  if (comparison !== 'same') note(line`warning: ${comparisonText(site, comparison)}`);
}
