import type { InventoryRecord } from '../inventory/record.ts';
import { ownLabel } from '../kube/desired-cluster.ts';
import type { KubeObject } from '../kube/types.ts';
import { isRecordOfTexts } from '../model/record.ts';

const metadata = { namespace: 'kube-system', name: 'kboot-inventory' } as const;

/** Where the cluster keeps the record of the inventory that was last applied to all of it. */
export const recordRef = { apiVersion: 'v1', kind: 'ConfigMap', metadata } as const;

/** ConfigMap with the record of an inventory, a line for each field. */
export function recordObject(record: InventoryRecord): KubeObject {
  return {
    ...recordRef,
    metadata: { ...metadata, labels: { [ownLabel.key]: ownLabel.value } },
    data: { fields: `${JSON.stringify(record, null, 1)}\n` },
  };
}

/** The record in a ConfigMap; undefined if it is not one. */
export function readRecord(object: KubeObject | undefined): InventoryRecord | undefined {
  const { fields } = (object?.['data'] ?? {}) as { readonly fields?: unknown };
  if (typeof fields !== 'string') return undefined;
  try {
    const record: unknown = JSON.parse(fields);
    return isRecordOfTexts(record) ? record : undefined;
  } catch {
    return undefined;
  }
}
