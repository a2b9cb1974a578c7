import type { Budget } from '../../src/kube/budgets.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { PodSeen, UpgradeObservation } from '../../src/observe/upgrade/observation.ts';
import type { UpgradeCheckInput } from '../../src/plan/preflight/upgrade/index.ts';
import { host, sampleCluster } from './pki.ts';

/** A Pod on a node. `of`: its controller, as KIND/NAME; none for a bare Pod. */
export interface SamplePod {
  readonly name: string;
  readonly node: string;
  readonly of?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly mirror?: boolean;
  readonly spec?: Partial<PodSeen['spec']>;
}

export function podSample(sample: SamplePod): PodSeen {
  const [kind = '', owner = ''] = (sample.of ?? '').split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: sample.name,
      namespace: sample.namespace ?? 'shop',
      labels: sample.labels ?? {},
      ...(sample.mirror === true && { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
      ...(sample.of !== undefined && { ownerReferences: [{ kind, name: owner, controller: true }] }),
    },
    spec: { nodeName: sample.node, containers: [{ name: 'main', image: 'x:1' }], ...sample.spec },
    status: {
      phase: sample.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: sample.ready === false ? 'False' : 'True' }],
    },
  };
}

/** A budget whose status is what its controller computes for these numbers. */
export function budgetSample(
  labels: Readonly<Record<string, string>>,
  numbers: {
    readonly expectedPods: number;
    readonly currentHealthy: number;
    readonly desiredHealthy: number;
  },
  changes: Partial<Budget> = {},
): Budget {
  const { currentHealthy, desiredHealthy, expectedPods } = numbers;
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: 'shop', name: 'budget' },
    spec: { minAvailable: desiredHealthy, selector: { matchLabels: labels } },
    status: { ...numbers, disruptionsAllowed },
    ...changes,
  };
}

export const upgradingCluster: Cluster = sampleCluster({
  hosts: [
    host('cp-1', '10.0.0.11', 'control-plane'),
    host('w-1', '10.0.0.21', 'worker'),
    host('w-2', '10.0.0.22', 'worker'),
  ],
});

export function nodeSample(name: string, ready = 'True', version = 'v1.35.6'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    status: {
      conditions: [{ type: 'Ready', status: ready, message: 'as it is' }],
      nodeInfo: { kubeletVersion: version },
    },
  };
}

/** An upgrade of one control plane and two workers with nothing in its way, but for `seen`. */
export function upgradeInput(
  seen: Partial<UpgradeObservation> = {},
  changes: Partial<UpgradeCheckInput> = {},
): UpgradeCheckInput {
  return {
    cluster: upgradingCluster,
    from: 'v1.35.6',
    to: 'v1.36.2',
    drains: ['w-1', 'w-2'],
    seen: {
      nodes: new Map(['cp-1', 'w-1', 'w-2'].map((name) => [name, nodeSample(name)])),
      ...{ pods: [], budgets: [], localVolumes: [], webhooks: [], deprecated: [], stored: [], unread: [] },
      ...seen,
    },
    inspections: new Map(),
    ...changes,
  };
}
