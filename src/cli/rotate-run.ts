import { begunRotation, endStage, refuseForeignCas, refuseUnsettled } from '../app/rotation.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { stagesOf, type Rotatable, type Rotation } from '../pki/rotation.ts';
import { openWorkspace } from '../app/workspace.ts';
import { bundlesOf, connectOptions, note } from './terminal.ts';
import type { UpArgs } from './args.ts';
import { line } from '../view/printable.ts';

/**
 * Exchanges CAs in stages, each an `up` of its own: `stage` plans, asks and applies one. Goes on with an exchange that
 * has begun. Returns undefined if there is nothing to exchange.
 */
export async function runRotation(
  args: UpArgs,
  stage: (rotate: readonly Rotatable[]) => Promise<ExitStatus>,
): Promise<ExitStatus | undefined> {
  const rotate = args['rotate-ca'];
  let rotation = await begunRotation(args);
  if (rotation === undefined && rotate.length === 0) return undefined;
  refuseOthers(rotation, rotate);
  const open = { ...args, ...bundlesOf(args) };
  if (rotation === undefined) {
    const workspace = await openWorkspace(open);
    refuseForeignCas(workspace, rotate);
    await refuseUnsettled(workspace, connectOptions(), args.concurrency);
    note(line`Exchanging ${rotate.join(', ')}, in ${stagesOf({ cas: rotate }).length} stages.`);
  }
  for (;;) {
    const status = await stage(rotate);
    if (status !== exitStatus.done) return status;
    rotation = await begunRotation(args);
    // The question was answered, and nothing had to be done: the record exists from the first stage on.
    if (rotation === undefined) return status;
    const workspace = await openWorkspace(open);
    const { cas, stage: reached } = rotation;
    note(
      line`${cas.join(', ')}: reading every host again; what has just restarted has two minutes to be ready.`,
    );
    rotation = await endStage(workspace, rotation, connectOptions(), args.concurrency);
    const stages = stagesOf({ cas });
    note(
      line`${cas.join(', ')}: every host has reached stage ${stages.indexOf(reached) + 1} of ${stages.length} (${reached}).`,
    );
    if (rotation !== undefined) continue;
    const kubeconfigs = cas.includes('ca')
      ? ` Old kubeconfigs no longer work; get a new one: \`kboot kubeconfig ${args.inventory} --merge\`.`
      : '';
    note(
      line`${cas.join(', ')}: exchanged. What was signed before is accepted nowhere.${kubeconfigs} Copy the state folder to its backup.`,
    );
    return exitStatus.done;
  }
}

/** Throws KbootError E-USAGE for another CA than those of the exchange that has begun. */
function refuseOthers(begun: Rotation | undefined, rotate: readonly Rotatable[]): void {
  if (begun === undefined || rotate.every((each) => begun.cas.includes(each))) return;
  throw new KbootError('E-USAGE', `an exchange of ${begun.cas.join(', ')} has begun and is not complete`, {
    remedy: '`kboot up INVENTORY` goes on with it; another one can begin after that.',
  });
}
