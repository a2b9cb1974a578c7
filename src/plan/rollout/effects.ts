import type { Component } from '../../model/component.ts';
import type { Step } from '../types.ts';

const staticPods: readonly Component[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
];

/** Whether a step ends a process that runs and starts it again, or stops it. */
export function interrupts(step: Step, component: Component): boolean {
  return step.effects.some(
    (effect) => effect.component === component && (effect.kind === 'restart' || effect.kind === 'stop'),
  );
}

/** Whether a step does anything to a component. */
export function affects(step: Step, component: Component): boolean {
  return step.effects.some((effect) => effect.component === component);
}

/** Whether a step lets the Node or its control plane be not Ready for a while. */
export function disturbsNode(step: Step): boolean {
  return step.effects.some(
    ({ component }) =>
      component === 'kubelet' || component === 'containerd' || staticPods.includes(component),
  );
}

/**
 * Whether a step interrupts a member that others count on, or starts one. Starting containerd, haproxy or keepalived
 * where they do not run takes nothing from anybody.
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
