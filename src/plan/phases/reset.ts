import type { Removal } from '../../desire/reset.ts';
import type { Phase, ShellStep } from '../types.ts';
import type { Leave } from '../rollout/leave.ts';
import { after, existing, phase } from './build.ts';
import { membershipPhase } from './membership.ts';

/** Steps that remove everything of kboot and Kubernetes from one host. */
export function resetSteps(host: string, removals: readonly Removal[]): ShellStep[] {
  return removals.map(({ what, reason, script, effects }) => ({
    type: 'shell',
    id: `${host}: reset ${what}`,
    verb: 'delete',
    target: { kind: 'leftover', name: what },
    reason,
    effects,
    script,
    timeoutSeconds: 300,
  }));
}

/** Reset: hosts leave a cluster that continues without them, then all of them are wiped in parallel. */
export function resetPhases(
  leave: Leave,
  hosts: readonly { readonly host: string; readonly steps: readonly ShellStep[] }[],
): readonly Phase[] {
  const membership = membershipPhase({ peers: [], ...leave }, []);
  const reset = phase('reset', 'host', 'reset', after('all', membership), [
    {
      tasks: hosts
        .filter(({ steps }) => steps.length > 0)
        .map(({ host, steps }) => ({ on: { host }, steps })),
      gates: [],
    },
  ]);
  return existing(membership, reset);
}
