import type { OperatorHook } from '../diff/operator-hooks.ts';
import type { ApplyStep, Batch, IssueStep, Phase, Task } from '../types.ts';
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

/** Namespaces before the objects in them. */
export function namespacesFirst(steps: readonly ApplyStep[]): Batch[] {
  const isNamespace = ({ object }: ApplyStep): boolean => object.kind === 'Namespace';
  return [
    together('cluster', steps.filter(isNamespace)),
    together(
      'cluster',
      steps.filter((step) => !isNamespace(step)),
    ),
  ];
}
