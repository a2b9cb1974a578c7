import { resolve } from 'node:path';
import { readInventory } from '../app/read-inventory.ts';
import { compare, copySite, readCopy, statedCopy, type CopySite } from '../app/state/copy.ts';
import { pullState } from '../app/state/pull.ts';
import { pushState } from '../app/state/push.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { acquireLock } from '../store/lock.ts';
import { countPrivateFiles, isUnsettled, settlePrivateFiles } from '../store/private-files.ts';
import { defaultStateDir, openState } from '../store/state.ts';
import { comparisonText, keysText, pulledText, pushedText } from '../view/state-text.ts';
import type { StateArgs } from './args.ts';
import { confirm, event, note, print } from './terminal.ts';
import { below, line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Runs one action. Returns the exit status. */
export async function runState(args: StateArgs): Promise<ExitStatus> {
  const { action } = args;
  refuseIdleWords(args);
  switch (action) {
    case 'push':
      return await push(args, await copySite(args));
    case 'pull':
      return await pull(args, await copySite(args));
    case 'show':
      return await show(args);
    case 'rekey':
      return await rekey(args);
  }
}

/** Throws E-USAGE for flags of another action. */
function refuseIdleWords({ action, file, force, identity, yes }: StateArgs): void {
  const given = [
    ...(file !== undefined && action === 'rekey' ? [file] : []),
    ...(identity !== undefined && action !== 'pull' ? ['--identity'] : []),
    ...(force && action !== 'push' && action !== 'pull' ? ['--force'] : []),
    ...(yes && !force ? ['--yes without --force'] : []),
  ];
  if (given.length === 0) return;
  throw new KbootError('E-USAGE', `\`kboot state ${action}\` does not take ${given.join(', ')}`, {
    remedy: remedies.stateHelp,
  });
}

/** Asks before something is overwritten, with --force; else nothing may be. */
const asking = ({ force, yes }: StateArgs): ((what: string) => Promise<boolean>) | undefined =>
  force ? (what) => confirm(what, yes, 'no') : undefined;

async function push(args: StateArgs, site: CopySite): Promise<ExitStatus> {
  const pushed = await pushState(site, asking(args));
  if (pushed === undefined) return unanswered();
  const { cluster, target, dir } = site;
  if (args.output === 'json')
    event({ type: 'state-pushed', cluster: cluster.name, state: dir, copy: target, ...pushed });
  else print(pushedText(site.target, pushed));
  return exitStatus.done;
}

async function pull(args: StateArgs, site: CopySite): Promise<ExitStatus> {
  const pulled = await pullState(site, { identity: args.identity, force: asking(args) });
  if (pulled === undefined) return unanswered();
  const { cluster, target, dir } = site;
  const { about, ...rest } = pulled;
  if (args.output === 'json')
    event({
      ...{ type: 'state-pulled', cluster: cluster.name, state: dir, copy: target, ...rest },
      ...(about && { by: about.by, at: about.at }),
    });
  else print(pulledText(site, pulled, args.inventory));
  return exitStatus.done;
}

async function show(args: StateArgs): Promise<ExitStatus> {
  const { cluster } = await readInventory(args.inventory, { withoutFiles: true, state: args.state });
  const site = statedCopy(args, { cluster });
  const dir = resolve(args.state ?? defaultStateDir(args.inventory, cluster.name));
  const keys = await countPrivateFiles({ dir });
  const settled = !(await isUnsettled({ dir }, cluster.state)) || keys.all === 0;
  const comparison = site && compare(await readCopy(site), site.recipients);
  if (args.output === 'json')
    event({
      ...{
        type: 'state',
        cluster: cluster.name,
        state: dir,
        keys: keys.all,
        encryptedKeys: keys.encrypted,
        settled,
      },
      ...(site && comparison && { copy: site.target, comparison }),
    });
  else
    print(
      below(
        site && comparison ? comparisonText(site, comparison) : line`spec.state.copy is not set`,
        keysText({ dir, ...keys, settled }),
      ),
    );
  return settled && (comparison === undefined || comparison === 'same')
    ? exitStatus.done
    : exitStatus.changesPending;
}

async function rekey(args: StateArgs): Promise<ExitStatus> {
  const { cluster } = await readInventory(args.inventory, { withoutFiles: true });
  const state = await openState(args.state ?? defaultStateDir(args.inventory, cluster.name));
  const lock = await acquireLock(state, `kboot state rekey ${args.inventory}`);
  try {
    const renew = cluster.state?.encryptKeys === true && !(await isUnsettled(state, cluster.state));
    const rewritten = await settlePrivateFiles(state, cluster.state, { renew });
    const keys = await countPrivateFiles(state);
    if (args.output === 'json')
      event({
        ...{ type: 'state-rekeyed', cluster: cluster.name, state: state.dir, rewritten },
        ...{ keys: keys.all, encryptedKeys: keys.encrypted },
      });
    else
      print(
        below(
          line`${plural(rewritten, 'private key')} rewritten`,
          keysText({ dir: state.dir, ...keys, settled: true }),
        ),
      );
    return exitStatus.done;
  } finally {
    await lock.release();
  }
}

function unanswered(): ExitStatus {
  note(line`Nothing was changed.`);
  return exitStatus.interrupted;
}
