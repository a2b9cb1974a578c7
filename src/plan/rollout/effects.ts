import { staticPodComponents, type Component } from '../../model/component.ts';
import type { Step } from '../types.ts';

const staticPods: readonly Component[] = staticPodComponents;

/** Whether a step restarts or stops a running process. */
export function interrupts(step: Step, component: Component): boolean {
  return step.effects.some(
    (effect) => effect.component === component && (effect.kind === 'restart' || effect.kind === 'stop'),
  );
}

/** Whether a step affects a component. */
export function affects(step: Step, component: Component): boolean {
  return step.effects.some((effect) => effect.component === component);
}

/** Whether the Node or its control plane may not be Ready for a while after a step. */
export function disturbsNode(step: Step): boolean {
  return step.effects.some(
    ({ component }) =>
      component === 'kubelet' || component === 'containerd' || staticPods.includes(component),
  );
}

/**
 * Whether a step interrupts a member that others depend on, or starts one. Starting containerd, haproxy or keepalived
 * interrupts nothing.
 */
export function disturbsMember(step: Step): boolean {
  if (step.type === 'etcd') return true;
  return step.effects.some(
    ({ component, kind }) => component === 'kubelet' || staticPods.includes(component) || kind !== 'start',
  );
}

/** Components of static Pods whose container a step replaces. */
export function replacedPods(step: Step): readonly Component[] {
  return step.effects.flatMap(({ component, kind }) =>
    kind === 'restart' && staticPods.includes(component) ? [component] : [],
  );
}
