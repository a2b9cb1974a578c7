import { runVerify } from '../app/verify.ts';
import { runVerifySecurity } from '../app/verify-security.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { securityText } from '../view/security-text.ts';
import { verifyText } from '../view/verify-text.ts';
import type { VerifyArgs } from './args.ts';
import { onInterrupt } from './interrupt.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';

/**
 * Verifies a cluster. 1 if a check failed, 4 if all passed but a host could not be reached, 130 if
 * interrupted. With JSON output: one `check` event per check, then `summary`.
 */
export async function runVerifyCommand(args: VerifyArgs): Promise<ExitStatus> {
  const workspace = await openWorkspace({
    inventory: args.inventory,
    state: args.state,
    withoutEtcdFiles: true,
  });
  if (args.security) return await runSecurity(workspace, args);
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

/** Only what the profile promises can fail. With JSON output: one `security` event per check, then `summary`. */
async function runSecurity(workspace: Workspace, args: VerifyArgs): Promise<ExitStatus> {
  const json = args.output === 'json';
  const { results, failed } = await runVerifySecurity(
    workspace,
    connectOptions(),
    args.concurrency,
    (result) => {
      if (json) event({ type: 'security', ...result });
    },
  );
  tellErrors(failed.values());
  const { name, security } = workspace.cluster;
  const wrong = results.filter(({ ok, promised }) => promised && !ok).length;
  if (json)
    event({
      ...{ type: 'summary', cluster: name, profile: security.profile, failed: wrong },
      passed: results.filter(({ ok, promised }) => promised && ok).length,
      unreachable: [...failed.keys()],
    });
  else print(securityText(results, security, { verbose: args.verbose }));
  if (wrong > 0) return exitStatus.stepFailed;
  return failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
}
