import type { KeyObject } from 'node:crypto';
import { basename } from 'node:path';
import { fetchSnapshot, localSnapshot, placeOnHost } from '../app/etcd/host-snapshots.ts';
import { checkSource, makeRestorePlan } from '../app/etcd/restore.ts';
import type { Workspace } from '../app/workspace.ts';
import { KbootError, type ExitStatus } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { stepsOf } from '../plan/steps.ts';
import { backupKey } from '../store/encrypted-snapshot.ts';
import type { EtcdArgs } from './args.ts';
import { runOperation } from './runner.ts';
import { connectOptions } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Plans, shows, asks, restores. */
export async function runRestore(args: EtcdArgs, workspace: Workspace): Promise<ExitStatus> {
  const { snapshot, lost } = args;
  if ((snapshot === undefined) !== args['from-survivor'])
    throw new KbootError(
      'E-USAGE',
      snapshot === undefined
        ? 'SNAPSHOT is missing: kboot etcd restore INVENTORY SNAPSHOT'
        : 'a snapshot and --from-survivor exclude each other',
      {
        remedy: remedies.nameSnapshot,
      },
    );
  const place = snapshot === undefined ? undefined : placeOnHost(workspace, snapshot);
  const key = (): KeyObject => backupKey(workspace.state, args.key);
  const choice = {
    lost,
    snapshot:
      place !== undefined
        ? await fetchSnapshot(workspace, place, connectOptions(), key)
        : snapshot && (await localSnapshot(workspace, snapshot, key)),
  };
  const checked = await checkSource(workspace, choice);
  const from =
    checked.source.kind === 'snapshot'
      ? `the snapshot ${basename(checked.source.file)}`
      : 'the surviving member';
  return await runOperation(args, workspace, {
    command: 'etcd restore',
    risky: true,
    lost,
    question: `Restore etcd from ${from}? Everything in the cluster becomes what it was then.`,
    make: () => makeRestorePlan(workspace, checked, choice, connectOptions(), args.concurrency),
    nothing: ({ plan }) => line`${plan.cluster}: nothing to restore`,
    summary: ({ plan, next }, { executed, seconds, failures }) =>
      line`${plan.cluster}: ${executed} of ${plural(stepsOf(plan).length, 'step')} in ${seconds.toFixed(1)} s${
        failures.length > 0 ? '; the same command goes on' : `; next: ${next}`
      }`,
  });
}
