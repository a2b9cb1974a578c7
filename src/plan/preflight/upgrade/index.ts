import type { Finding } from '../finding.ts';
import { apiFindings, unreadFindings } from './apis.ts';
import { budgetFindings } from './budgets.ts';
import { controlPlaneFindings } from './control-plane.ts';
import { diskFindings } from './disk.ts';
import type { UpgradeCheckInput } from './input.ts';
import { keptPodFindings } from './pods.ts';
import { webhookFindings } from './webhooks.ts';

export type { UpgradeCheckInput } from './input.ts';
export { upgradeNotes } from './notes.ts';

/** Everything that would stop an upgrade half-way, all at once, each with its remedy. */
export function upgradeFindings(input: UpgradeCheckInput): Finding[] {
  return [
    ...controlPlaneFindings(input),
    ...diskFindings(input),
    ...apiFindings(input),
    ...webhookFindings(input),
    ...budgetFindings(input),
    ...keptPodFindings(input),
    ...unreadFindings(input),
  ];
}
