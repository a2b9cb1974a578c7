import pc from 'picocolors';
import type { FieldChange } from '../inventory/record.ts';
import { impactText } from '../model/impact.ts';
import type { Plan } from '../plan/types.ts';

/** Number of changed fields that a plan lists. */
const listed = 20;

/** What differs from the inventory that was last applied, and what each field does; nothing if nothing is recorded. */
export function inventoryChangesText({ inventoryChanges = [] }: Plan): string[] {
  if (inventoryChanges.length === 0) return [];
  const more = inventoryChanges.length - listed;
  return [
    `${pc.bold('inventory'.padEnd(15))} ${pc.cyan('changed since it was last applied')}`,
    ...inventoryChanges
      .slice(0, listed)
      .map((change) => `  ${fieldChangeText(change)}${pc.dim(`  ${impactText(change.impact)}`)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
  ];
}

/** `spec.networking.flannel.mtu: 1450 → 1400` */
export function fieldChangeText({ field, from, to }: FieldChange): string {
  if (from === undefined && to === undefined) return field;
  return `${field}: ${valueText(from)} → ${valueText(to)}`;
}

/** A JSON value without the quotes of a string. */
function valueText(json: string | undefined): string {
  if (json === undefined) return 'not set';
  const text = json.startsWith('"') ? json.slice(1, -1) : json;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
