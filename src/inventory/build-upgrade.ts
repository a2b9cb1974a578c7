import type { UpgradePolicy } from '../model/cluster.ts';
import { given } from './build-value.ts';
import { defaults } from './defaults.ts';
import type { Inventory } from './schema.ts';

/** `spec.upgrade` with every default filled in. */
export function buildUpgrade(stated: Inventory['spec']['upgrade']): UpgradePolicy {
  const { maxUnavailable, drain = {}, pauseAfter } = stated ?? {};
  return {
    // The schema admits no other text than a percentage.
    maxUnavailable: (maxUnavailable ?? defaults.maxUnavailable) as UpgradePolicy['maxUnavailable'],
    drain: {
      timeoutSeconds: drain.timeoutSeconds ?? defaults.drainTimeoutSeconds,
      deleteEmptyDirData: drain.deleteEmptyDirData ?? true,
      force: drain.force ?? false,
      ...given('gracePeriodSeconds', drain.gracePeriodSeconds),
    },
    ...given('pauseAfter', pauseAfter),
  };
}
