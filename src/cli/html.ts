import type { Workspace } from '../app/workspace.ts';
import { KbootError } from '../model/error.ts';
import { kbootVersion } from '../model/kboot-version.ts';
import { writeAtomic } from '../store/atomic.ts';
import type { PageInput } from '../view/html/input.ts';
import { refuseOtherFile, type OwnFile } from './own-file.ts';
import type { Planned } from './show.ts';
import { note, tellError } from './terminal.ts';
import { line } from '../view/printable.ts';

export const pageFile: OwnFile = {
  ...{ flag: '--html', what: 'page of kboot' },
  mark: '<meta name="generator" content="kboot ',
};

/**
 * Writes the page of a plan, or of a run, readable only by its owner: diffs show files of hosts. Does nothing if no
 * file is named. Throws KbootError E-USAGE if the path is not a page of kboot, E-STATE if it cannot be written.
 */
export async function writePage(
  file: string | undefined,
  input: Omit<PageInput, 'kboot' | 'at'>,
): Promise<void> {
  if (file === undefined) return;
  refuseOtherFile(file, pageFile);
  const { pageHtml } = await import('../view/html/page.ts');
  const page = pageHtml({ ...input, kboot: kbootVersion(), at: new Date() });
  await writeAtomic(file, page);
  note(line`page ${file}, ${Math.ceil(Buffer.byteLength(page) / 1024)} KiB`);
}

/** The same at the end of a run; a page that cannot be written does not fail the run. */
export async function writeReport(...[file, input]: Parameters<typeof writePage>): Promise<void> {
  try {
    await writePage(file, input);
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    tellError(error);
  }
}

/** The page's input for a plan that was made from connected hosts. */
export function pageOf(
  { cluster }: Workspace,
  { plan, connections, findings = [] }: Planned,
  command: string,
): Parameters<typeof writePage>[1] {
  return { plan, cluster, command, findings, unread: connections.failed };
}
