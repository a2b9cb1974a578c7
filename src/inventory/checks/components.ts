import type { StaticPodComponent } from '../../model/component.ts';
import { stages, type Stage } from '../../model/stage.ts';
import type { Draft } from '../draft.ts';
import type { ComponentField } from '../owned-flags.ts';
import type { Path } from '../position.ts';
import type { Inventory } from '../schema.ts';
import type { CheckInput } from './check.ts';

type DraftComponent = Draft<NonNullable<Inventory['spec']['apiServer']>>;

/** A flag as far as it is valid. */
export interface StatedFlag {
  readonly name: string;
  readonly value: string;
  readonly path: Path;
}

/** One of the components that the inventory has settings for, with the valid parts of them. */
export interface StatedComponent {
  readonly field: ComponentField;
  readonly pod: StaticPodComponent;
  readonly path: Path;
  readonly draft: DraftComponent;
  readonly flags: readonly StatedFlag[];
}

const pods: Readonly<Record<ComponentField, StaticPodComponent>> = {
  etcd: 'etcd',
  apiServer: 'kube-apiserver',
  controllerManager: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
};

/** The stage in which each component starts. */
export const startsIn: Readonly<Record<string, Stage>> = {
  containerd: 'runtime',
  haproxy: 'load-balancer',
  keepalived: 'load-balancer',
  etcd: 'etcd',
  kubelet: 'control-plane',
  'kube-apiserver': 'control-plane',
  'kube-controller-manager': 'control-plane',
  'kube-scheduler': 'control-plane',
};

/** Whether a file of this stage is written only after the component has started. */
export function isTooLate(stage: Stage, component: string): boolean {
  const starts = startsIn[component];
  return starts !== undefined && stages.indexOf(stage) > stages.indexOf(starts);
}

export function statedComponents({ draft }: CheckInput): readonly StatedComponent[] {
  return (Object.keys(pods) as ComponentField[]).flatMap((field) => {
    const stated: DraftComponent | undefined = draft.spec?.[field];
    if (stated === undefined) return [];
    const path: Path = ['spec', field];
    const flags = (stated.extraArgs ?? []).flatMap((arg, index) =>
      arg?.name === undefined || arg.value === undefined
        ? []
        : [{ name: arg.name, value: arg.value, path: [...path, 'extraArgs', index] }],
    );
    return [{ field, pod: pods[field], path, draft: stated, flags }];
  });
}
