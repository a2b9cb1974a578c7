import { observeStatus } from '../app/status.ts';
import { openWorkspace } from '../app/workspace.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { statusText } from '../view/status-text.ts';
import { tellCopy } from './copy-guard.ts';
import type { InventoryArgs } from './args.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Shows the state of a cluster. 4 if a host could not be reached, 1 if something is not healthy. */
export async function runStatus(args: InventoryArgs): Promise<ExitStatus> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const { status, failed } = await observeStatus(workspace, connectOptions(), args.concurrency);
  if (args.output === 'json') event({ type: 'status', ...status });
  else {
    for (const warning of workspace.warnings) note(line`${formatDiagnostic(warning)}`);
    await tellCopy(args, workspace.cluster);
    tellErrors(failed.values());
    print(statusText(status));
  }
  if (failed.size > 0) return exitStatus.unreachable;
  return status.healthy ? exitStatus.done : exitStatus.stepFailed;
}
