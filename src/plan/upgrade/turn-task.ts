import { extraValue } from '../../desire/text/args.ts';
import { healthzPortOf } from '../../desire/text/kubelet-settings.ts';
import {
  etcdHosts,
  isNode,
  loadBalancerHosts,
  type Component as Settings,
  type Host,
} from '../../model/cluster.ts';
import type { Component } from '../../model/component.ts';
import type { HostChange } from '../diff/host.ts';
import { affects } from '../rollout/effects.ts';
import { conditionText } from '../target.ts';
import type { Condition, Gate, Step, Task } from '../types.ts';
import { formerOf } from './former.ts';
import { isHealthyMember, type UpgradeInput } from './input.ts';
import type { Turn } from './turns.ts';

/**
 * Seconds until a component must be healthy again. kubeadm waits 300 (UpgradeManifestsTimeout), which is when the Pods of a
 * Node that is not Ready are evicted.
 */
const waitTimeouts: Partial<Record<Condition['kind'], number>> = {
  'etcd-member': 180,
  kubelet: 120,
  'load-balancer': 60,
  'node-ready': 240,
  leader: 120,
};
const defaultTimeout = 180;

/** The changes of a turn, with a rollback to what they replace. */
export function turnTask(
  { name }: Host,
  turn: Turn,
  changes: readonly HostChange[],
  { perHost, change }: UpgradeInput,
): Task {
  const steps: readonly Step[] = changes.map(({ step }) => step);
  const former = formerOf(name, turn, changes, perHost.get(name)?.resources ?? [], change.to);
  if (former === undefined) return { on: { host: name }, steps };
  return { on: { host: name }, steps: [former.keep, ...steps], rollback: [former.putBack] };
}

/** What must hold on a host after a turn. */
export function gatesOf(host: Host, turn: Turn, changes: readonly HostChange[], input: UpgradeInput): Gate[] {
  const { cluster, api, change, versions } = input;
  const { name, address } = host;
  // Asked on the host: the API reports static Pods up to a minute later, when its own server was replaced.
  const controllers = [
    controller(name, 'kube-controller-manager', 10257, cluster.controllerManager),
    controller(name, 'kube-scheduler', 10259, cluster.scheduler),
  ];
  const isPlane = host.roles.includes('control-plane');
  const touches = (component: Component): boolean => changes.some(({ step }) => affects(step, component));
  const conditions = (): Condition[] => {
    switch (turn) {
      case 'ahead':
      case 'host':
        return [];
      case 'load-balancer':
        return cluster.loadBalancer !== undefined && loadBalancerHosts(cluster).includes(host)
          ? [{ kind: 'load-balancer', host: name, address, port: cluster.loadBalancer.port }]
          : [];
      case 'etcd':
        return [
          ...(etcdHosts(cluster).includes(host) ? [{ kind: 'etcd-member', host: name } as const] : []),
          ...(isPlane && versions.serving.has(name) ? [{ kind: 'api', host: name } as const] : []),
        ];
      case 'kube-apiserver':
        return touches('kube-apiserver') ? [{ kind: 'api', host: name, version: change.to }] : [];
      case 'controllers':
        return isPlane ? controllers.filter(({ component }) => touches(component)) : [];
      case 'kubelet': {
        const port = healthzPortOf(cluster, host);
        if (!isNode(host)) return [];
        const ready = api?.state === 'present' && api.nodes.has(name);
        return [
          ...(port > 0 ? [{ kind: 'kubelet', host: name, port } as const] : []),
          ...(isPlane && etcdHosts(cluster).includes(host)
            ? [{ kind: 'etcd-member', host: name } as const]
            : []),
          ...(isPlane ? [{ kind: 'api', host: name, version: change.to } as const, ...controllers] : []),
          ...(ready ? [{ kind: 'node-ready', node: name, version: change.to } as const] : []),
        ];
      }
    }
  };
  return waits(turn === 'kubelet' ? `${name} with its kubelet` : name, conditions());
}

/** What must hold on a host once its stopped kubelet was started. */
export function startGates(host: Host, { cluster, versions }: UpgradeInput): Gate[] {
  const { name } = host;
  const port = healthzPortOf(cluster, host);
  return waits(`${name} started`, [
    ...(port > 0 ? [{ kind: 'kubelet', host: name, port } as const] : []),
    ...(etcdHosts(cluster).includes(host) ? [{ kind: 'etcd-member', host: name } as const] : []),
    ...(versions.apiServers.has(name) ? [{ kind: 'api', host: name } as const] : []),
  ]);
}

/** For the members that are down, and that no step of this plan starts. */
export function memberGates(input: UpgradeInput): Gate[] {
  const { cluster, etcd, perHost } = input;
  if (etcd.state !== 'present') return [];
  const isReplaced = (name: string): boolean =>
    perHost.get(name)?.changes.some(({ step }) => affects(step, 'etcd')) === true;
  const down = etcdHosts(cluster).filter((host) => !isHealthyMember(host, input) && !isReplaced(host.name));
  return waits(
    'before the upgrade',
    down.map(({ name }) => ({ kind: 'etcd-member', host: name })),
  );
}

/** Before these Nodes are drained: what is evicted must be scheduled elsewhere, and leave its EndpointSlices. */
export function leaderGates(nodes: string): Gate[] {
  return waits(`before ${nodes}`, [
    { kind: 'leader', lease: 'kube-controller-manager' },
    { kind: 'leader', lease: 'kube-scheduler' },
  ]);
}

function waits(who: string, conditions: readonly Condition[]): Gate[] {
  return conditions.map((condition) => ({
    type: 'wait',
    id: `${who}: waits for ${conditionText(condition)}`,
    condition,
    timeoutSeconds: waitTimeouts[condition.kind] ?? defaultTimeout,
  }));
}

/** Its healthz, at the address that its flags state; the ports are kubeadm's. */
function controller(
  host: string,
  component: (Condition & { readonly kind: 'controller' })['component'],
  port: number,
  { extraArgs }: Settings,
): Condition & { readonly kind: 'controller' } {
  const stated = extraValue(extraArgs, 'bind-address') ?? '127.0.0.1';
  const address = stated === '0.0.0.0' ? '127.0.0.1' : stated === '::' ? '::1' : stated;
  return { kind: 'controller', host, component, address, port };
}
