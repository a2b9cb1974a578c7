import { runVerify } from '../app/verify.ts';
import { openWorkspace } from '../app/workspace.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { verifyText } from '../view/verify-text.ts';
import type { InventoryArgs } from './args.ts';
import { onInterrupt } from './interrupt.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';

/**
 * Verifies a cluster. 1 if a check failed, 4 if all passed but a host could not be reached, 130 if
 * interrupted. With JSON output: one `check` event per check, then `summary`.
 */
export async function runVerifyCommand(args: InventoryArgs): Promise<ExitStatus> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const json = args.output === 'json';
  const interrupt = onInterrupt(() => {
    note(
      line`Interrupted: running no further checks, removing the namespace. Press Ctrl-C again to stop at once and leave it.`,
    );
  });
  try {
    const { report, failed } = await runVerify(workspace, connectOptions(), args.concurrency, {
      signal: interrupt.signal,
      onResult(result) {
        if (json) event({ type: 'check', ...result });
      },
      onProgress: note,
    });
    tellErrors(failed.values());
    const wrong = report.results.filter(({ ok }) => !ok).length;
    if (json) {
      const { results, ...rest } = report;
      event({
        type: 'summary',
        ...rest,
        passed: results.length - wrong,
        failed: wrong,
        unreachable: [...failed.keys()],
      });
    } else print(verifyText(report, { verbose: args.verbose, inventory: args.inventory }));
    if (report.interrupted) return exitStatus.interrupted;
    if (wrong > 0) return exitStatus.stepFailed;
    return failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
  } finally {
    interrupt.stop();
  }
}
