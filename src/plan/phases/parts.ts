import type { HostChange } from '../diff/host.ts';
import type { OperatorHook } from '../diff/operator-hooks.ts';
import type { ApplyStep, Batch, DeleteStep, IssueStep, Phase, Step, Task } from '../types.ts';
import { oneByOne, phase, together } from './build.ts';

/** The hooks of the operator's machine that run before anything else, one after another. */
export function hooksBefore(hooks: readonly OperatorHook[]): Phase | undefined {
  const before = hooks.filter(({ when }) => when === 'before');
  const tasks = before.map(({ step }): Task => ({ on: 'operator', steps: [step] }));
  return phase('hooks', 'host', 'hooks', [], oneByOne(tasks));
}

/** Issues certificates and keys into the state folder. */
export function certificatesPhase(issue: readonly string[], needs: Phase['after']): Phase | undefined {
  const step: IssueStep = {
    type: 'issue',
    id: 'operator: certificates',
    verb: 'create',
    target: { kind: 'certificates', name: 'state folder' },
    reason: 'issued here, never shown',
    effects: [],
    certificates: issue,
    timeoutSeconds: 300,
  };
  return phase('certificates', 'host', 'certificates', needs, [
    { tasks: issue.length === 0 ? [] : [{ on: 'operator', steps: [step] }], gates: [] },
  ]);
}

/** Namespaces before the objects in them; `others` beside the first. */
export function namespacesFirst(steps: readonly ApplyStep[], others: readonly Step[] = []): Batch[] {
  const isNamespace = ({ object }: ApplyStep): boolean => object.kind === 'Namespace';
  const namespaces = steps.filter(isNamespace);
  const rest = steps.filter((step) => !isNamespace(step));
  return namespaces.length === 0
    ? [together('cluster', [...others, ...rest])]
    : [together('cluster', [...others, ...namespaces]), together('cluster', rest)];
}

/** kube-proxy goes, once what takes its place is applied; then its rules, which it would write again. */
export function retirementPhase(
  retires: readonly DeleteStep[],
  rules: readonly HostChange[],
  needs: Phase['after'],
): Phase | undefined {
  return phase('kube-proxy-removed', 'addon', 'kube-proxy removed', needs, [
    { tasks: retires.length === 0 ? [] : [{ on: 'cluster', steps: retires }], gates: [] },
    { tasks: rules.map(({ host, step }): Task => ({ on: { host }, steps: [step] })), gates: [] },
  ]);
}
