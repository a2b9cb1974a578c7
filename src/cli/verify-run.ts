import { runVerify } from '../app/verify.ts';
import { openWorkspace } from '../app/workspace.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { verifyText } from '../view/verify-text.ts';
import type { InventoryArgs } from './args.ts';
import { onInterrupt } from './interrupt.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';

/**
 * Verifies a cluster. 1 when a check failed, 4 when all passed but a host could not be reached, 130 when
 * interrupted. As JSON: a `check` event per question, then `summary`.
 */
export async function runVerifyCommand(args: InventoryArgs): Promise<ExitStatus> {
  const place = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  const json = args.output === 'json';
  const interrupt = onInterrupt(() => {
    note(
      'Interrupted: nothing further is asked, the namespace is removed. Once more stops at once and leaves it.',
    );
  });
  try {
    const { report, failed } = await runVerify(place, connectOptions(), args.concurrency, {
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
