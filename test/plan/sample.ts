import type { KubeObject } from '../../src/kube/types.ts';
import type { DesiredCluster } from '../../src/kube/desired-cluster.ts';
import type { SavedPlan } from '../../src/plan/saved/saved.ts';
import type { Condition, HostStep, ObjectStep, Plan, PlanHost, WaitStep } from '../../src/plan/types.ts';

/** A step on a host that runs `script`. */
export function hostStep(host: string, resource: string, more: Partial<HostStep> = {}): HostStep {
  return {
    type: 'host',
    id: `${host}: ${resource}`,
    stage: 'host',
    host,
    resource,
    verb: 'create',
    reason: '',
    script: ':',
    timeoutSeconds: 20,
    ...more,
  };
}

export function objectStep(object: KubeObject, more: Partial<ObjectStep> = {}): ObjectStep {
  const resource = `${object.kind} ${object.metadata.name}`;
  return {
    type: 'object',
    id: `cluster: ${resource}`,
    stage: 'control-plane',
    verb: 'create',
    resource,
    reason: '',
    object,
    ...more,
  };
}

export function waitStep(condition: Condition, more: Partial<WaitStep> = {}): WaitStep {
  const resource = JSON.stringify(condition);
  return {
    type: 'wait',
    id: `cluster: waits for ${resource}`,
    stage: 'control-plane',
    verb: 'wait',
    resource,
    reason: '20 s at most',
    condition,
    timeoutSeconds: 20,
    ...more,
  };
}

export function planHost(name: string, role: string, more: Partial<PlanHost> = {}): PlanHost {
  return { name, roles: [role], state: 'probed', resources: 10, ...more };
}

export function plan(more: Partial<Plan> = {}): Plan {
  return {
    apiVersion: 'kboot.dev/v1',
    kind: 'Plan',
    cluster: 'test',
    kubernetesVersion: 'v1.36.2',
    endpoint: 'https://10.0.0.11:6443',
    basis: 'live',
    issue: [],
    hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker')],
    membership: [],
    roll: [],
    hostSteps: [],
    clusterSteps: [],
    operatorSteps: [],
    checked: 20,
    warnings: [],
    ...more,
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'kube-system' }, data };
}

export function wants(more: Partial<DesiredCluster> = {}): DesiredCluster {
  return {
    inventory: [],
    objects: [],
    lateObjects: [],
    prunedKinds: [],
    nodes: [],
    controlPlanePods: [],
    workloads: [],
    ...more,
  };
}

/** What a saved plan holds besides its digest. */
export function savedContent(
  more: Partial<SavedPlan> = {},
): Omit<SavedPlan, 'apiVersion' | 'kind' | 'digest'> {
  return {
    made: '2026-11-20T10:12:03.000Z',
    scope: { until: 'addon', limit: [], ignore: [] },
    basis: {
      kboot: '0.1.0',
      catalog: 'c'.repeat(64),
      inventory: {},
      templates: {},
      bundle: {},
      state: {},
      hosts: {},
      etcd: {},
      api: {},
    },
    plan: plan(),
    ...more,
  };
}
