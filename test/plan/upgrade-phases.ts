import type { KubeObject } from '../../src/kube/types.ts';
import type { Component } from '../../src/model/component.ts';
import { after, existing, oneByOne, phase, together } from '../../src/plan/phases/build.ts';
import type {
  Batch,
  EtcdStep,
  Gate,
  NodeStep,
  Phase,
  ShellStep,
  Target,
  Task,
} from '../../src/plan/types.ts';
import { applyStep, gate } from '../samples/plan.ts';
import { nodeStep } from '../samples/install-work.ts';

/** The input of an upgrade. For `script`, `what` is the component that is replaced, `fetch …` or `restore …`. */
export interface UpgradeWork {
  /** Hosts that run etcd as a service. */
  readonly etcd: readonly string[];
  readonly planes: readonly string[];
  readonly workers: readonly string[];
  /** Number of workers that are drained at a time. */
  readonly workersAtOnce: number;
  readonly objects: readonly KubeObject[];
  /** POSIX shell for one action on one host. */
  script(host: string, what: string): string;
}

/**
 * A small upgrade for tests of the scheduler: what may be done everywhere at once, what goes one after another, what is
 * undone when it fails, and what must hold before it goes on. The real one is src/plan/phases/upgrade.ts.
 */
export function upgradePhases(work: UpgradeWork): readonly Phase[] {
  const { etcd, planes, workers } = work;

  const snapshot = phase('snapshot', 'etcd', 'snapshot of etcd', [], oneByOne([onCluster(snapshotStep)]));

  // Disturbs nothing, so that a missing file fails before anything is replaced.
  const fetch = phase('fetch', 'runtime', 'files and images', after('all', snapshot), [
    { tasks: [...etcd, ...planes, ...workers].map((host) => fetchTask(work, host)), gates: [] },
  ]);

  const members = phase(
    'etcd',
    'etcd',
    'etcd, one after another',
    after('all', fetch),
    etcd.map((host) => alone(replaceTask(work, host, 'etcd'), waits({ kind: 'etcd-member', host }))),
  );

  const apiServers = phase(
    'api-servers',
    'control-plane',
    'API servers, one after another',
    after('all', members ?? fetch),
    planes.map((host) =>
      alone(
        {
          ...replaceTask(work, host, 'kube-apiserver'),
          rollback: [shell(work, host, 'restore kube-apiserver', 'kube-apiserver')],
        },
        waits({ kind: 'api', host }),
        waits(podOf(host, 'kube-apiserver')),
      ),
    ),
  );

  // They elect a leader: restarting all of them at once interrupts them no longer than an election.
  const controllers = phase(
    'controllers',
    'control-plane',
    'controller-managers and schedulers',
    after('all', apiServers),
    [
      {
        tasks: planes.map((host) => replaceTask(work, host, 'kube-controller-manager', 'kube-scheduler')),
        gates: planes.flatMap((host) => [
          waits(podOf(host, 'kube-controller-manager')),
          waits(podOf(host, 'kube-scheduler')),
        ]),
      },
    ],
  );

  const objects = phase('objects', 'addon', 'objects and add-ons', after('all', controllers), [
    together(
      'cluster',
      work.objects.map((object) => applyStep(object, { verb: 'update' })),
    ),
  ]);

  const kubelets = phase(
    'kubelets',
    'control-plane',
    'kubelets of control planes, one after another',
    after('all', controllers, objects),
    planes.map((host) =>
      alone(
        replaceTask(work, host, 'kubelet'),
        waits({ kind: 'kubelet', host, port: 10248 }),
        waits({ kind: 'node-ready', node: host }),
      ),
    ),
  );

  const nodes = phase(
    'workers',
    'node',
    `workers, ${work.workersAtOnce} at a time`,
    after('all', kubelets),
    chunks(workers, work.workersAtOnce).map((hosts): Batch => ({
      tasks: hosts.map((host) => workerTask(work, host)),
      gates: hosts.map((host) => waits({ kind: 'node-ready', node: host })),
    })),
  );

  return existing(snapshot, fetch, members, apiServers, controllers, objects, kubelets, nodes);
}

/** A worker is drained, gets its new kubelet, and is uncordoned. */
function workerTask(work: UpgradeWork, host: string): Task {
  const node = (kind: Parameters<typeof nodeStep>[1]): NodeStep => nodeStep(host, kind);
  const replace = shell(work, host, 'kubelet', 'kubelet');
  return { on: { host }, steps: [node('cordon'), node('drain'), replace, node('uncordon')] };
}

/** Everything that a host needs later, under names that nothing uses yet. */
function fetchTask(work: UpgradeWork, host: string): Task {
  return { on: { host }, steps: ['fetch files', 'fetch images'].map((what) => shell(work, host, what)) };
}

function replaceTask(work: UpgradeWork, host: string, ...components: readonly Component[]): Task {
  return { on: { host }, steps: components.map((component) => shell(work, host, component, component)) };
}

/** A batch of one task, and its gates before the next one. */
function alone(task: Task, ...gates: readonly Gate[]): Batch {
  return { tasks: [task], gates };
}

function onCluster(step: EtcdStep): Task {
  return { on: 'cluster', steps: [step] };
}

function shell(work: UpgradeWork, host: string, what: string, restarts?: Component): ShellStep {
  return {
    type: 'shell',
    id: `${host}: ${what}`,
    verb: 'update',
    target: targetOf(what, restarts),
    reason: 'v1.36.2 becomes v1.37.0',
    effects: restarts === undefined ? [] : [{ component: restarts, kind: 'restart' }],
    script: work.script(host, what),
    timeoutSeconds: 60,
  };
}

function targetOf(what: string, component: Component | undefined): Target {
  if (component === undefined) return { kind: 'archive', name: what };
  return { kind: component === 'kubelet' || component === 'etcd' ? 'unit' : 'static-pod', name: component };
}

const snapshotStep: EtcdStep = {
  type: 'etcd',
  id: 'etcd: snapshot',
  verb: 'create',
  target: { kind: 'snapshot', name: 'etcd' },
  reason: 'before anything is replaced',
  effects: [],
  operation: { kind: 'snapshot' },
  timeoutSeconds: 300,
};

/** A gate whose ID names its condition, so that no two phases may wait for the same one. */
function waits(condition: Gate['condition']): Gate {
  return gate(condition, { timeoutSeconds: 20 });
}

function podOf(host: string, component: Component): Gate['condition'] {
  return { kind: 'pod-ready', host, namespace: 'kube-system', name: `${component}-${host}` };
}

function chunks(items: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
