import { compare, copySite, readCopy, type CopySite } from '../app/state/copy.ts';
import { pullState } from '../app/state/pull.ts';
import { pushState } from '../app/state/push.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { comparisonText, pulledText, pushedText } from '../view/state-text.ts';
import type { StateArgs } from './args.ts';
import { confirm, event, note, print } from './terminal.ts';

/** Runs one action. Returns the exit status. */
export async function runState(args: StateArgs): Promise<ExitStatus> {
  const { action } = args;
  refuseIdleWords(args);
  const site = copySite(args);
  switch (action) {
    case 'push':
      return await push(args, site);
    case 'pull':
      return await pull(args, site);
    case 'show':
      return await show(args, site);
  }
}

/** Throws E-USAGE for flags of another action. */
function refuseIdleWords({ action, force, identity, yes }: StateArgs): void {
  const given = [
    ...(identity !== undefined && action !== 'pull' ? ['--identity'] : []),
    ...(force && action === 'show' ? ['--force'] : []),
    ...(yes && !force ? ['--yes without --force'] : []),
  ];
  if (given.length === 0) return;
  throw new KbootError('E-USAGE', `\`kboot state ${action}\` does not take ${given.join(', ')}`, {
    remedy: '`kboot state --help` shows which action takes what.',
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

async function show(args: StateArgs, site: CopySite): Promise<ExitStatus> {
  const { cluster, target, dir } = site;
  const read = await readCopy(site);
  const comparison = compare(read, site.recipients);
  if (args.output === 'json')
    event({ type: 'state', cluster: cluster.name, state: dir, copy: target, comparison });
  else print(comparisonText(site, comparison));
  return comparison === 'same' ? exitStatus.done : exitStatus.changesPending;
}

function unanswered(): ExitStatus {
  note('Nothing was changed.');
  return exitStatus.interrupted;
}
