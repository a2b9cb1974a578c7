import { adoptCluster } from '../app/adopt/kubeadm.ts';
import { adoptState } from '../app/adopt/state.ts';
import { identityIn } from '../app/init/answers.ts';
import { bastionOf, portOf, sshOf } from '../app/init/ssh.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { adoptedClusterText, adoptedStateText } from '../view/adopted-text.ts';
import type { AdoptArgs, PlanArgs } from './args.ts';
import { runPlan } from './plan-run.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';
import { loginName } from '../inventory/login-name.ts';
import { remedies } from './remedies.ts';

/** Takes over a cluster of kubeadm with --host, else reads a state folder back. */
export async function runAdopt(args: AdoptArgs): Promise<ExitStatus> {
  if (args.host.length > 0) return takeOver(args);
  // `adopt --state INVENTORY`: the word after --state is the inventory if there is no other.
  const { inventory = args.state } = args;
  if (inventory === undefined)
    throw new KbootError('E-USAGE', 'kboot adopt needs INVENTORY, or --host ADDRESS.', {
      remedy: remedies.whatAdoptTakes,
    });
  return readState({ ...args, inventory, state: args.inventory === undefined ? undefined : args.state });
}

/** 4 if some hosts could not be read. */
async function readState(args: AdoptArgs & { readonly inventory: string }): Promise<ExitStatus> {
  const adopted = await adoptState(args, connectOptions(), args.concurrency);
  const { cluster, dir, clusterId, written, files, issued, failed } = adopted;
  if (args.output === 'json')
    event({
      type: 'adopted',
      ...{ cluster: cluster.name, state: dir, clusterId, written, files },
      ...{ issued: [...issued], unreachable: [...failed.keys()] },
    });
  else {
    tellErrors(failed.values());
    print(adoptedStateText({ ...adopted, inventory: args.inventory, unread: [...failed.keys()] }));
  }
  return failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
}

/** Ends with the plan that `up` would carry out. */
async function takeOver(args: AdoptArgs): Promise<ExitStatus> {
  const { inventory = 'cluster.yaml', name, state, concurrency } = args;
  const adopted = await adoptCluster(
    {
      ...{ file: inventory, hosts: args.host, name, state, concurrency },
      ssh: sshOf({
        user: args.user ?? loginName() ?? 'root',
        port: args.port === undefined ? undefined : portOf(args.port),
        bastion: args.bastion === undefined ? undefined : bastionOf(args.bastion),
        identityFile:
          args['identity-file'] === undefined ? undefined : identityIn(inventory, args['identity-file']),
      }),
    },
    connectOptions(),
  );
  const { cluster, dir, clusterId, files, issued, warnings } = adopted;
  if (args.output === 'json')
    event({
      type: 'adopted',
      ...{ cluster: cluster.name, inventory, state: dir, clusterId, written: true, files },
      ...{ issued: [...issued], unreachable: [] },
    });
  else {
    for (const warning of warnings) note(line`warning: ${warning}`);
    print(adoptedClusterText(adopted));
  }
  const plan: PlanArgs = {
    ...{ ...args, inventory, limit: [], 'ignore-preflight': [], offline: false },
    'detailed-exitcode': false,
    deep: false,
  };
  return runPlan(plan);
}
