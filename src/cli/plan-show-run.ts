import { readPlan } from '../app/saved/file.ts';
import type { PlanShowArgs } from './args.ts';
import { pageFile, writePage } from './html.ts';
import { refuseOtherFile } from './own-file.ts';
import { showPlan } from './show.ts';
import { note } from './terminal.ts';
import { line } from '../view/printable.ts';

/** Prints a saved plan like `kboot plan`; with `-o json` as the same event. */
export async function runPlanShow(args: PlanShowArgs): Promise<void> {
  refuseOtherFile(args.html, pageFile);
  const { plan, made, basis, scope } = await readPlan(args.file);
  if (args.output === 'text') {
    const limits = [
      ...(scope.until === 'addon' ? [] : [`--until ${scope.until}`]),
      ...(scope.limit.length === 0 ? [] : [`--limit ${scope.limit.join(' ')}`]),
    ];
    note(line`made ${made} by kboot ${basis.kboot}${limits.map((each) => `, ${each}`).join('')}`);
  }
  const command = plan.mode === 'offline' ? undefined : `kboot up INVENTORY --plan ${args.file}`;
  showPlan(args, plan, command === undefined ? {} : { command });
  await writePage(args.html, { plan, ...(command !== undefined && { command }) });
}
