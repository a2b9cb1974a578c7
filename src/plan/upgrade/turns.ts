import type { Component } from '../../model/component.ts';
import type { Stage } from '../../model/stage.ts';
import { podProcess } from '../../resource/static-pod.ts';
import type { HostChange } from '../diff/host.ts';

/** When a change of a host is made during an upgrade: with which component. In the order of an upgrade. */
export const turns = [
  'ahead',
  'host',
  'load-balancer',
  'etcd',
  'kube-apiserver',
  'controllers',
  'kubelet',
] as const;
export type Turn = (typeof turns)[number];

/** The changes of one host, by turn and in their order; turns without a change are absent. */
export type HostTurns = ReadonlyMap<Turn, readonly HostChange[]>;

/** The turn of each component that a step affects, or of each process whose file it changes. */
const turnOfProcess: Readonly<Partial<Record<string, Turn>>> = {
  haproxy: 'load-balancer',
  keepalived: 'load-balancer',
  etcd: 'etcd',
  'kube-apiserver': 'kube-apiserver',
  'kube-controller-manager': 'controllers',
  'kube-scheduler': 'controllers',
  containerd: 'kubelet',
  kubelet: 'kubelet',
} satisfies Partial<Record<Component, Turn>>;

/** The turn of a change that affects nothing, and that no other change of its stage follows. */
const turnOfStage: Readonly<Record<Stage, Turn>> = {
  host: 'host',
  runtime: 'kubelet',
  'load-balancer': 'load-balancer',
  etcd: 'etcd',
  'control-plane': 'kubelet',
  node: 'kubelet',
  addon: 'kubelet',
};

/**
 * Divides the changes of one host among the turns of an upgrade. A change goes with the first component that it affects:
 * a file that several read, with the first of its readers. A change that affects nothing, such as a folder, goes with
 * the next one of its stage that does.
 */
export function dividedInTurns(changes: readonly HostChange[]): HostTurns {
  const divided = new Map<Turn, HostChange[]>();
  changes.forEach((change, index) => {
    const turn = turnOf(change, changes.slice(index + 1));
    divided.set(turn, [...(divided.get(turn) ?? []), change]);
  });
  return divided;
}

function turnOf(change: HostChange, later: readonly HostChange[]): Turn {
  if (change.ahead === true) return 'ahead';
  const own = affectedTurn(change);
  if (own !== undefined) return own;
  if (change.stage === 'host') return 'host';
  for (const other of later) {
    if (other.stage !== change.stage) break;
    const next = other.ahead === true ? undefined : affectedTurn(other);
    if (next !== undefined) return next;
  }
  return turnOfStage[change.stage];
}

function affectedTurn({ step }: HostChange): Turn | undefined {
  const processes = [
    ...step.effects.map(({ component }) => component),
    ...(step.type === 'shell' ? (step.disturbs ?? []).map(componentOf) : []),
  ];
  const own = new Set(processes.map((process) => turnOfProcess[process]));
  return turns.find((turn) => own.has(turn));
}

/** `kube-apiserver` of `pod-kube-apiserver` */
function componentOf(process: string): string {
  const prefix = podProcess('');
  return process.startsWith(prefix) ? process.slice(prefix.length) : process;
}
