import { nothingDesired, type DesiredCluster } from '../../src/kube/desired-cluster.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import type { Effect } from '../../src/model/component.ts';
import type { Stage } from '../../src/model/stage.ts';
import type { HostChange } from '../../src/plan/diff/host.ts';
import type { SavedPlan } from '../../src/plan/saved/saved.ts';
import { refOf } from '../../src/plan/target.ts';
import type {
  ApplyStep,
  Condition,
  Gate,
  IssueStep,
  Phase,
  Location,
  Plan,
  PlanHost,
  ShellStep,
  Step,
} from '../../src/plan/types.ts';

/** A step on a host that runs `script`; its target is the file `name`. */
export function shellStep(host: string, name: string, more: Partial<ShellStep> = {}): ShellStep {
  return {
    type: 'shell',
    id: `${host}: ${name}`,
    verb: 'create',
    target: { kind: 'file', name },
    reason: '',
    effects: [],
    script: ':',
    timeoutSeconds: 20,
    ...more,
  };
}

/** A step that affects a component, in a stage of its host. */
export function effectOn(
  host: string,
  component: Effect['component'],
  stage: Stage = 'control-plane',
  kind: Effect['kind'] = 'restart',
): HostChange<ShellStep> {
  return { host, stage, step: shellStep(host, component, { effects: [{ component, kind }] }) };
}

export function applyStep(object: KubeObject, more: Partial<ApplyStep> = {}): ApplyStep {
  return {
    type: 'apply',
    id: `cluster: ${object.kind} ${object.metadata.name}`,
    verb: 'create',
    target: { kind: 'object', ref: refOf(object) },
    reason: '',
    effects: [],
    object,
    timeoutSeconds: 60,
    ...more,
  };
}

/** Issues certificates, by their paths in the state folder. */
export function issueStep(...certificates: readonly string[]): IssueStep {
  return {
    type: 'issue',
    id: 'certificates',
    verb: 'create',
    target: { kind: 'certificates', name: 'state folder' },
    reason: '',
    effects: [],
    certificates,
    timeoutSeconds: 60,
  };
}

export function gate(condition: Condition, more: Partial<Gate> = {}): Gate {
  return {
    type: 'wait',
    id: `waits for ${JSON.stringify(condition)}`,
    condition,
    timeoutSeconds: 20,
    ...more,
  };
}

/** A phase of one batch: the steps of each host, or of the cluster, in parallel. */
export function phaseOf(
  id: string,
  tasks: readonly (readonly [Location, readonly Step[]])[],
  more: Partial<Phase> & { readonly gates?: readonly Gate[] } = {},
): Phase {
  const { gates = [], ...rest } = more;
  return {
    id,
    stage: 'host',
    title: id,
    after: [],
    batches: [{ tasks: tasks.map(([on, steps]) => ({ on, steps })), gates }],
    ...rest,
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
    mode: 'live',
    hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker')],
    phases: [],
    checked: 20,
    warnings: [],
    ...more,
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'kube-system' }, data };
}

export function wants(more: Partial<DesiredCluster> = {}): DesiredCluster {
  return { ...nothingDesired, ...more };
}

/** The contents of a saved plan besides its digest. */
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
