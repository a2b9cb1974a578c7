import { compare } from 'semver';
import { tasksOf } from '../../../src/plan/steps.ts';
import type { Step, Task } from '../../../src/plan/types.ts';
import type { KbootResult } from '../../lab/kboot.ts';
import type { ClientsReport, VersionSample } from './clients.ts';

/** A component whose files a step of a run replaced on a host. */
export interface ComponentChange {
  readonly host: string;
  readonly component: string;
}

function tasks(result: KbootResult): readonly Task[] {
  return result.events.flatMap(({ plan }) => (plan === undefined ? [] : tasksOf(plan.phases)));
}

const hostOf = ({ on }: Task): string => (typeof on === 'string' ? on : on.host);

function done(result: KbootResult): readonly string[] {
  return result.events.flatMap(({ type, step }) => (type === 'done' && step !== undefined ? [step] : []));
}

/**
 * What a run replaced of the components that have a place in the order of an upgrade: static Pods and kubelets, in the
 * order in which the steps ended. (Effects do not tell: an API server restarts with its etcd, too.)
 */
export function replacementsOf(result: KbootResult): readonly ComponentChange[] {
  const steps = new Map(
    tasks(result).flatMap((task) => task.steps.map((step) => [step.id, { host: hostOf(task), step }])),
  );
  return done(result).flatMap((id) => {
    const found = steps.get(id);
    if (found === undefined) return [];
    const { target, effects } = found.step;
    if (target.kind === 'static-pod') return [{ host: found.host, component: target.name }];
    // An etcd host has a unit in place of the static Pod.
    return effects.flatMap(({ component, kind }) =>
      kind === 'restart' && (component === 'kubelet' || (component === 'etcd' && target.kind === 'unit'))
        ? [{ host: found.host, component }]
        : [],
    );
  });
}

/** The steps that runs completed, in order. */
export function stepsDone(results: readonly KbootResult[]): readonly Step[] {
  return results.flatMap((result) => {
    const steps = new Map(tasks(result).flatMap((task) => task.steps.map((step) => [step.id, step])));
    return done(result).flatMap((id) => steps.get(id) ?? []);
  });
}

/** Nodes that runs drained, each as often as it was. */
export function drainsOf(results: readonly KbootResult[]): readonly string[] {
  return stepsDone(results).flatMap((step) => (isDrain(step) ? [step.node] : []));
}

/** Workers that runs drained, each as often as it was. */
export function workerDrains(results: readonly KbootResult[]): readonly string[] {
  return drainsOf(results)
    .filter((node) => node.startsWith('w-'))
    .toSorted();
}

/** Nodes that were cordoned, each as often as a sample shows it cordoned after one that does not. */
export function cordonsOf(samples: readonly VersionSample[]): readonly string[] {
  return samples.flatMap(({ cordoned }, index) =>
    cordoned.filter((node) => samples[index - 1]?.cordoned.includes(node) !== true),
  );
}

function isDrain(step: Step): step is Step & { readonly type: 'node' } {
  return step.type === 'node' && step.operation.kind === 'drain';
}

/**
 * Breaches of Kubernetes' version skew policy at any sample: a kubelet that is newer than an API server it may reach.
 * A control plane's kubelet reaches its own API server; a worker's any. While an API server does not answer, it has
 * the version that it last had.
 */
export function skewBreaches(samples: readonly VersionSample[]): readonly string[] {
  const servers = new Map<string, string>();
  return samples.flatMap((sample) => {
    for (const [host, version] of Object.entries(sample.servers))
      if (version !== '') servers.set(host, version);
    return Object.entries(sample.kubelets).flatMap(([node, kubelet]) => {
      const own = servers.get(node);
      const reached = own === undefined ? [...servers] : [[node, own] as const];
      return reached
        .filter(([, version]) => compare(kubelet, version) > 0)
        .map(
          ([host, version]) =>
            `${sample.ms} ms: kubelet ${kubelet} of ${node}, API server ${version} of ${host}`,
        );
    });
  });
}

/** The most API servers and etcd members that were down at any sample, and the most nodes that were cordoned. */
export function mostAtOnce({ samples }: ClientsReport): {
  readonly servers: number;
  readonly members: number;
  readonly cordoned: number;
} {
  const most = (count: (sample: VersionSample) => number): number => Math.max(0, ...samples.map(count));
  return {
    servers: most(({ servers }) => Object.values(servers).filter((version) => version === '').length),
    members: most(({ membersDown }) => membersDown.length),
    cordoned: most(({ cordoned }) => cordoned.length),
  };
}

/** Whether every change of `first` precedes every one of `then`. */
export function precedes(
  changes: readonly ComponentChange[],
  first: (change: ComponentChange) => boolean,
  then: (change: ComponentChange) => boolean,
): boolean {
  const last = changes.map(first).lastIndexOf(true);
  const begin = changes.map(then).indexOf(true);
  return begin === -1 || last < begin;
}
