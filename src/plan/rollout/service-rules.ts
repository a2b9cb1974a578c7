import type { HostChange } from '../diff/host.ts';
import type { DeleteStep } from '../types.ts';
import { affects } from './effects.ts';

/** Separates the removal of kube-proxy's rules from the other changes of a host: it follows the add-ons. */
export function rulesLast(changes: readonly HostChange[]): {
  readonly changes: readonly HostChange[];
  readonly last: readonly HostChange[];
} {
  const isLast = ({ step }: HostChange): boolean => step.target.kind === 'service-rules';
  return { changes: changes.filter((each) => !isLast(each)), last: changes.filter(isLast) };
}

/** Those that can be carried out: a kube-proxy that runs, and that this plan does not remove, would write its rules again. */
export function removableRules(
  last: readonly HostChange[],
  retires: readonly DeleteStep[],
): { readonly removed: readonly HostChange[]; readonly kept: readonly string[] } {
  const stops = retires.some((step) => affects(step, 'kube-proxy'));
  const isHeld = ({ step }: HostChange): boolean => affects(step, 'kube-proxy') && !stops;
  return {
    removed: last.filter((each) => !isHeld(each)),
    kept: last.filter(isHeld).map(({ host }) => host),
  };
}
