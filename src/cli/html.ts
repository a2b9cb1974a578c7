import { closeSync, lstatSync, openSync, readSync } from 'node:fs';
import type { Workspace } from '../app/workspace.ts';
import { KbootError } from '../model/error.ts';
import { kbootVersion } from '../model/kboot-version.ts';
import { writeAtomic } from '../store/atomic.ts';
import { errorText } from '../view/error-text.ts';
import type { PageInput } from '../view/html/input.ts';
import type { Planned } from './show.ts';
import { note } from './terminal.ts';

/**
 * Writes the page of a plan, or of what became of it, for its owner only: diffs show what lies on hosts. Nothing
 * where no file is named. Throws KbootError E-USAGE for what is no file, E-STATE when it cannot be written.
 */
export async function writePage(
  file: string | undefined,
  input: Omit<PageInput, 'kboot' | 'at'>,
): Promise<void> {
  if (file === undefined) return;
  refuseOtherFile(file);
  const { pageHtml } = await import('../view/html/page.ts');
  const page = pageHtml({ ...input, kboot: kbootVersion(), at: new Date() });
  await writeAtomic(file, page);
  note(`page ${file}, ${Math.ceil(Buffer.byteLength(page) / 1024)} KiB`);
}

/** The same at the end of a run, which a page that cannot be written does not make fail. */
export async function writeReport(...[file, input]: Parameters<typeof writePage>): Promise<void> {
  try {
    await writePage(file, input);
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    note(errorText(error));
  }
}

/** What a page shows of a plan that was made over connections. */
export function pageOf(
  { cluster }: Workspace,
  { plan, connections, findings = [] }: Planned,
  command: string,
): Parameters<typeof writePage>[1] {
  return { plan, cluster, command, findings, unread: connections.failed };
}

/** Refuses to replace anything but an empty file and an older page of kboot's. Throws KbootError E-USAGE. */
export function refuseOtherFile(file: string | undefined): void {
  const found = file === undefined ? undefined : lstatSync(file, { throwIfNoEntry: false });
  if (file === undefined || found === undefined) return;
  const why = !found.isFile()
    ? 'there is something else than a file'
    : found.size > 0 && !beginning(file).includes('<meta name="generator" content="kboot ')
      ? 'a file is there that is no page of kboot'
      : undefined;
  if (why === undefined) return;
  throw new KbootError('E-USAGE', `--html ${file}: ${why}; it was left alone`, {
    remedy: 'Name a new file, or an older page, which is replaced.',
  });
}

function beginning(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(2048);
    return bytes.toString('utf8', 0, readSync(handle, bytes));
  } finally {
    closeSync(handle);
  }
}
