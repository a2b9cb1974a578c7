import { observeCertificates } from '../app/certificates.ts';
import { formatDiagnostic } from '../model/diagnostic.ts';
import { exitStatus, KbootError, type ExitStatus } from '../model/error.ts';
import { certificatesText } from '../view/certificates-text.ts';
import type { CertsArgs } from './args.ts';
import { connectOptions, event, note, print, tellErrors } from './terminal.ts';
import { line } from '../view/printable.ts';
import { remedies } from './remedies.ts';

/** Lists certificates. Status 1 if one has expired or soon will, 4 if none has but a host could not be read. */
export async function runCerts(args: CertsArgs): Promise<ExitStatus> {
  const { inventory, state } = args;
  const warnDays = args['warn-days'];
  if (!Number.isInteger(warnDays) || warnDays < 0)
    throw new KbootError('E-USAGE', `--warn-days is not a number of days: ${warnDays}`, {
      remedy: remedies.wholeDays,
    });
  const { report, failed, warnings } = await observeCertificates(
    { inventory, state, warnDays },
    connectOptions(),
    args.concurrency,
  );
  if (args.output === 'json') event({ type: 'certificates', ...report, unreachable: [...failed.keys()] });
  else {
    for (const warning of warnings) note(line`${formatDiagnostic(warning)}`);
    tellErrors(failed.values());
    print(certificatesText(report, args.verbose));
  }
  if (!report.valid) return exitStatus.stepFailed;
  return failed.size > 0 ? exitStatus.unreachable : exitStatus.done;
}
