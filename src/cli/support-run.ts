import { collectSupport } from '../app/support/collect.ts';
import { exitStatus, type ExitStatus } from '../model/error.ts';
import { fileTime } from '../store/run-log.ts';
import { writeSupportArchive } from '../store/support-archive.ts';
import { line } from '../view/printable.ts';
import { supportText } from '../view/support-text.ts';
import type { SupportArgs } from './args.ts';
import { bundlesOf, connectOptions, event, note, print } from './terminal.ts';

/** Writes an archive for a report. What cannot be read is named, and is not a failure. */
export async function runSupport(args: SupportArgs): Promise<ExitStatus> {
  if (args.output === 'text') note(line`reading this machine, the hosts and the API; nothing is changed`);
  const { bundles } = bundlesOf({ bundle: [], 'allow-unofficial': true });
  const { cluster, files, missing } = await collectSupport(
    { inventory: args.inventory, state: args.state, bundles, allowUnofficial: true },
    connectOptions(),
    args.concurrency,
  );
  const now = new Date();
  const name = `kboot-support-${cluster}-${fileTime(now)}`;
  const file = args.out ?? `${name}.tar.gz`;
  const bytes = await writeSupportArchive(file, name, files, now);
  if (args.output === 'json')
    event({ type: 'support', file, bytes, files: [...files.keys()], missing: [...missing] });
  else print(supportText({ file, files: files.size, bytes, missing }));
  return exitStatus.done;
}
