import { plural } from '../model/plural.ts';
import type { Connections } from '../app/observe/connect.ts';
import { makeResetPlan } from '../app/reset.ts';
import type { ExitStatus } from '../model/error.ts';
import { selectHosts } from '../plan/select-hosts.ts';
import { namesOf } from '../view/host-list.ts';
import { stepsOf } from '../plan/steps.ts';
import type { ResetArgs } from './args.ts';
import { runOperation } from './runner.ts';
import { openWithWarnings } from './show.ts';
import { connectOptions } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Plans, shows, asks, resets. The state folder stays: it has the keys of anything that may still run elsewhere. */
export async function runReset(args: ResetArgs): Promise<ExitStatus> {
  const workspace = await openWithWarnings({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const limit = selectHosts(workspace.cluster, args.limit);
  return await runOperation(args, workspace, {
    command: 'reset',
    risky: true,
    question: 'Reset these hosts? All workloads and data of the cluster on them are lost.',
    make: () =>
      makeResetPlan(
        workspace,
        { limit, deleteBackups: args['delete-backups'] },
        connectOptions(),
        args.concurrency,
      ),
    nothing: ({ plan, connections }) =>
      connections.results.size === 0
        ? line`${plan.cluster}: nothing was reset`
        : line`${plan.cluster}: nothing to reset on ${plural(connections.results.size, 'host')}${leftAlone(connections)}`,
    summary: ({ plan, connections }, { executed, seconds }) =>
      line`${plan.cluster}: ${executed} of ${plural(stepsOf(plan).length, 'step')} in ${seconds.toFixed(1)} s; the state folder ${workspace.state.dir} stays${leftAlone(connections)}`,
  });
}

function leftAlone({ failed }: Pick<Connections, 'failed'>): string {
  return failed.size === 0
    ? ''
    : `; not changed, because of the errors above: ${namesOf([...failed.keys()])}`;
}
