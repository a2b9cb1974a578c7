import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { savedPlanJsonSchema, savedPlanSchema } from '../../../src/plan/saved/schema.ts';
import { seal, type SavedPlan } from '../../../src/plan/saved/saved.ts';
import type { ClusterStep, Condition, EtcdStep } from '../../../src/plan/types.ts';
import { expectSchemaFile } from '../../schema-file.ts';
import type { IsSame } from '../../whole.ts';
import { configMap, hostStep, objectStep, plan, savedContent, waitStep } from '../sample.ts';

describe('plan.schema.json', () => {
  it('has the types of the code', () => {
    // What does not compile here: src/plan/saved-schema.ts says something else than src/plan/types.ts.
    const same: IsSame<SavedPlan, z.infer<typeof savedPlanSchema>> = true;
    expect(same).toBe(true);
  });

  it('is what the schema in the code yields', async () => {
    await expectSchemaFile('plan.schema.json', savedPlanJsonSchema());
  });

  it('takes every kind of step and of condition', () => {
    const base = { id: 'x', stage: 'node', resource: 'x', reason: '' } as const;
    const seconds = { timeoutSeconds: 1 };
    const meta = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    const conditions: Record<Condition['kind'], Condition> = {
      'etcd-member': { kind: 'etcd-member', host: 'a' },
      api: { kind: 'api' },
      'load-balancer': { kind: 'load-balancer', host: 'a', address: '1', port: 1 },
      kubelet: { kind: 'kubelet', host: 'a', port: 1 },
      endpoint: { kind: 'endpoint', address: '1', port: 1 },
      'pod-ready': { kind: 'pod-ready', host: 'a', namespace: 'n', name: 'x', former: 'y' },
      'node-registered': { kind: 'node-registered', node: 'a' },
      'node-ready': { kind: 'node-ready', node: 'a' },
      'workload-ready': { kind: 'workload-ready', workload: 'DaemonSet', namespace: 'n', name: 'x' },
    };
    const waits = Object.values(conditions).map((condition) => waitStep(condition));
    const clusterSteps: Record<Exclude<ClusterStep['type'], 'wait'>, ClusterStep> = {
      object: objectStep(configMap('x')),
      node: {
        ...base,
        type: 'node',
        verb: 'update',
        node: 'a',
        annotations: {},
        labels: { b: null },
        taints: [],
      },
      'remove-node': { ...base, type: 'remove-node', verb: 'delete', node: 'a', drain: seconds },
      'remove-object': { ...base, type: 'remove-object', verb: 'delete', object: meta },
    };
    const etcd = ([{ kind: 'snapshot' }, { kind: 'remove', memberId: '1' }] as const).map(
      (operation): EtcdStep => ({
        ...{ ...base, ...seconds, type: 'etcd', verb: 'create', host: 'a' },
        operation,
      }),
    );
    const whole = plan({
      membership: etcd,
      roll: [{ host: 'a', from: 'etcd', waits }],
      hostSteps: [hostStep('a', 'file /x', { diff: '', disturbs: ['x'] }), ...etcd],
      clusterSteps: [...Object.values(clusterSteps), ...waits],
    });
    const document = JSON.parse(JSON.stringify(seal(savedContent({ plan: whole })))) as unknown;
    expect(savedPlanSchema.safeParse(document).error).toBeUndefined();
    expect(savedPlanSchema.safeParse({ ...(document as object), more: 1 }).error).toBeDefined();
  });
});
