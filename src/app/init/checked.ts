import type { Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { newInventoryText, type NewInventory } from '../../view/new-inventory.ts';
import { parseNew } from '../parse-new.ts';
import { remedies } from '../remedies.ts';

/** A valid inventory, ready to be written. */
export interface CheckedInventory {
  readonly text: string;
  readonly cluster: Cluster;
  /** Without locations: the file does not exist yet. */
  readonly warnings: readonly string[];
}

/** The text of an inventory, parsed as every command will parse it. Throws KbootError E-USAGE that lists every problem. */
export function checkedInventory(inventory: NewInventory, file: string): CheckedInventory {
  const text = newInventoryText(inventory);
  const { cluster, errors, warnings } = parseNew(text, file);
  if (cluster !== undefined) return { text, cluster, warnings };
  throw new KbootError('E-USAGE', 'These answers do not make a valid inventory; nothing was written.', {
    detail: errors.join('\n'),
    remedy: remedies.correctAnswers,
  });
}
