import { readRecord, recordRef } from '../../desire/record.ts';
import { fieldChanges, type FieldChange, type InventoryRecord } from '../../inventory/record.ts';
import { objectKey } from '../../kube/types.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';

/** The record of the inventory that was last applied to the whole cluster; undefined if the cluster has none. */
export function recordedInventory(api: ClusterObservation | undefined): InventoryRecord | undefined {
  return api?.state === 'present' ? readRecord(api.objects.get(objectKey(recordRef))) : undefined;
}

/** What differs from it now; undefined if one of them is not known. */
export function inventoryChanges(
  recorded: InventoryRecord | undefined,
  now: InventoryRecord | undefined,
): readonly FieldChange[] | undefined {
  return recorded === undefined || now === undefined ? undefined : fieldChanges(recorded, now);
}
