import { askedRotation, endStage, refuseForeignCas, refuseUnsettled, whyUnsettled } from '../app/rotation.ts';
import type { ReadInventory } from '../app/read-inventory.ts';
import { openWorkspace } from '../app/workspace.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import type { Rotatable } from '../model/pki.ts';
import { stagesOf, stageText, type Rotation } from '../pki/rotation.ts';
import { bundlesOf, connectOptions, note } from './terminal.ts';
import type { UpArgs } from './args.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/**
 * Exchanges CAs in stages, each an `up` of its own: `stage` plans, asks and applies one; without CAs, what else there is to do.
 * Goes on with an exchange that has begun, and then with what spec.pki.rotate lists. Returns undefined if there is nothing
 * to exchange.
 */
export async function runRotation(
  args: UpArgs,
  read: ReadInventory,
  stage: (rotate?: readonly Rotatable[]) => Promise<ExitStatus>,
): Promise<ExitStatus | undefined> {
  const flagged = args['rotate-ca'];
  let status: ExitStatus | undefined;
  let last: readonly Rotatable[] | undefined;
  for (;;) {
    const { begun, due, done } = await askedRotation(args, read.cluster);
    const asked = status === undefined ? flagged : [];
    const rotate = [...new Set([...asked, ...due])];
    if (begun === undefined && (rotate.length === 0 || rotate.join() === last?.join())) {
      tellRotated(done, args.inventory);
      return status;
    }
    refuseOthers(begun, asked);
    last = rotate;
    if (begun === undefined) {
      const before = await settle(args, read, rotate, asked.length > 0 ? undefined : stage);
      if (before !== undefined && before !== exitStatus.done) return before;
      note(line`Exchanging ${rotate.join(', ')}, in ${stagesOf({ cas: rotate }).length} stages.`);
    }
    status = await runStages(args, read, () => stage(rotate));
    if (status !== exitStatus.done) return status;
  }
}

/** Those of spec.pki.rotate that were exchanged: what the operator may do about it. */
function tellRotated(done: readonly Rotatable[], inventory: string): void {
  if (done.length === 0) return;
  note(
    line`spec.pki.rotate: ${done.join(', ')} ${done.length === 1 ? 'is' : 'are'} exchanged; the list may stay, or be removed. To exchange again: \`kboot up ${inventory} --rotate-ca ${done.join(' ')}\`.`,
  );
}

/** Before the first stage, there must be nothing else to do: with `ordinary`, that is done. Returns its status. */
async function settle(
  args: UpArgs,
  read: ReadInventory,
  rotate: readonly Rotatable[],
  ordinary: (() => Promise<ExitStatus>) | undefined,
): Promise<ExitStatus | undefined> {
  const why = async (): Promise<string | undefined> => {
    const workspace = await openWorkspace({ ...args, ...bundlesOf(args), read });
    refuseForeignCas(workspace, rotate);
    return await whyUnsettled(workspace, connectOptions(), args.concurrency);
  };
  const first = await why();
  if (ordinary === undefined) refuseUnsettled(first, remedies.upBeforeRotation);
  if (first === undefined || ordinary === undefined) return undefined;
  note(line`spec.pki.rotate: ${rotate.join(', ')} after this plan.`);
  const status = await ordinary();
  if (status === exitStatus.done) refuseUnsettled(await why(), remedies.noExchange);
  return status;
}

/** The stages of one exchange, from the one that is under way. */
async function runStages(
  args: UpArgs,
  read: ReadInventory,
  stage: () => Promise<ExitStatus>,
): Promise<ExitStatus> {
  for (;;) {
    const status = await stage();
    if (status !== exitStatus.done) return status;
    const { begun } = await askedRotation(args, read.cluster);
    // The question was answered, and nothing had to be done: the record exists from the first stage on.
    if (begun === undefined) return status;
    const workspace = await openWorkspace({ ...args, ...bundlesOf(args), read });
    const { cas } = begun;
    note(
      line`${cas.join(', ')}: reading every host again; what has just restarted has two minutes to be ready.`,
    );
    const next = await endStage(workspace, begun, connectOptions(), args.concurrency);
    note(line`${cas.join(', ')}: every host has reached ${stageText(begun)} (${begun.stage}).`);
    if (next !== undefined) continue;
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
    remedy: remedies.rotationGoesOn,
  });
}
