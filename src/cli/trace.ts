import { kbootVersion } from '../model/kboot-version.ts';
import { KbootError } from '../model/error.ts';
import type { Plan } from '../plan/types.ts';
import { writeAtomic } from '../store/atomic.ts';
import { line } from '../view/printable.ts';
import type { Timeline } from '../view/timeline/timeline.ts';
import { refuseOtherFile, type OwnFile } from './own-file.ts';
import { note, tellError } from './terminal.ts';

export const traceFile: OwnFile = { flag: '--trace', what: 'trace of kboot', mark: '{"generator":"kboot ' };

/**
 * Writes the trace of a run, readable only by its owner. Does nothing if no file is named; a trace that cannot be
 * written does not fail the run.
 */
export async function writeTrace(file: string | undefined, plan: Plan, timeline: Timeline): Promise<void> {
  if (file === undefined) return;
  const { traceOf } = await import('../view/timeline/trace.ts');
  const { otherData, ...trace } = traceOf(plan, timeline);
  const marked = { otherData: { generator: `kboot ${kbootVersion()}`, ...otherData }, ...trace };
  try {
    refuseOtherFile(file, traceFile);
    await writeAtomic(file, `${JSON.stringify(marked)}\n`);
    note(line`trace ${file}, for https://ui.perfetto.dev or chrome://tracing`);
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    tellError(error);
  }
}
