import { defaults } from '../defaults.ts';
import { describePath, error, warning } from '../position.ts';
import type { Check } from './check.ts';

/** Control planes always go one at a time, and hosts without a kubelet run no workload. */
export const upgradeGroupsAreWorkers: Check = ({ outline }) =>
  outline.hosts.flatMap(({ path, draft, roles }) => {
    const known = draft.roles?.every((role) => role !== undefined);
    if (draft.upgradeGroup === undefined || known !== true || roles.length === 0) return [];
    const why = roles.includes('control-plane')
      ? 'is a control plane, and control planes are upgraded one at a time'
      : !roles.includes('worker') && 'is not a worker';
    if (why === false) return [];
    const at = [...path, 'upgradeGroup'];
    return [error(at, `${describePath(at)} is for workers only, but this host ${why}; remove it`)];
  });

export const drainTimesFit: Check = ({ draft }) => {
  const { timeoutSeconds = defaults.drainTimeoutSeconds, gracePeriodSeconds } =
    draft.spec?.upgrade?.drain ?? {};
  if (gracePeriodSeconds === undefined || gracePeriodSeconds < timeoutSeconds) return [];
  const at = ['spec', 'upgrade', 'drain', 'gracePeriodSeconds'];
  const message =
    `${describePath(at)} ${gracePeriodSeconds} is not less than timeoutSeconds ${timeoutSeconds}: ` +
    'a drain fails when one Pod needs its whole time to end';
  return [warning(at, message)];
};
