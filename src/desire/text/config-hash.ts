import { createHash } from 'node:crypto';
import type { JsonObject } from '../../model/cluster.ts';

/**
 * Value of kubeadm.kubernetes.io/component-config.hash: SHA-256 over the ConfigMap's values in key order.
 * '' (no annotation) if the user set any configuration: kubeadm then does not change it on upgrades.
 */
export function configHash(stated: JsonObject, data: Readonly<Record<string, string>>): string {
  if (Object.keys(stated).length > 0) return '';
  const hash = createHash('sha256');
  for (const key of Object.keys(data).sort()) hash.update(data[key] ?? '');
  return `sha256:${hash.digest('hex')}`;
}
