import { adoptState } from '../app/adopt/state.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { adoptedStateText } from '../view/adopted-text.ts';
import type { InventoryArgs } from './args.ts';
import { connectOptions, event, print, tellErrors } from './terminal.ts';

/** Reads the state folder back from the hosts. 4 if some of them could not be read. */
export async function runAdopt(args: InventoryArgs): Promise<ExitStatus> {
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
