import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetsOf, budgetText, type Budget } from '../../src/kube/budgets.ts';
import { evictionLoss, mustLeave } from '../../src/kube/eviction.ts';
import { leftOver, othersOf, ownLabels } from '../../src/kube/owned.ts';
import { conditionOf, kubeletVersionOf, workloadState } from '../../src/kube/readiness.ts';
import { misshapen } from '../../src/kube/shape.ts';
import { shapeOf } from '../../src/kube/shapes.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { hostOfNode } from '../../src/desire/adopt/node.ts';
import { podCIDRsOf } from '../../src/plan/diff/pod-network.ts';
import { containerId } from '../../src/plan/rollout/ready.ts';

const metadata = {
  ...{ name: 'one', namespace: 'shop', uid: 'u', generation: 2, labels: { app: 'a' } },
  annotations: { 'kboot.dev/managed-by': 'kboot' },
  ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }],
  managedFields: [
    {
      ...{ manager: 'kboot', operation: 'Apply' },
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:app': {} } },
        'f:spec': { 'k:{"name":"a"}': { '.': {} } },
      },
    },
  ],
};
const conditions = [{ type: 'Ready', status: 'False', message: 'no' }];
const containers = [{ name: 'a', image: 'b', readinessProbe: { initialDelaySeconds: 3 } }];
const good: Readonly<Record<string, object>> = {
  nodes: {
    metadata,
    spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }], podCIDRs: ['10.244.0.0/24'] },
    status: {
      ...{ conditions, addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
      nodeInfo: { kubeletVersion: 'v1.36.2', operatingSystem: 'linux' },
    },
  },
  pods: {
    metadata,
    spec: { nodeName: 'w-1', volumes: [{ name: 'v', emptyDir: {} }], containers },
    status: { phase: 'Running', conditions, containerStatuses: [{ name: 'a', containerID: 'c' }] },
  },
  daemonsets: {
    metadata,
    spec: {},
    status: { observedGeneration: 2, desiredNumberScheduled: 3, numberReady: 1 },
  },
  poddisruptionbudgets: {
    metadata,
    spec: {
      minAvailable: 1,
      selector: {
        matchLabels: { app: 'a' },
        matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }],
      },
    },
    status: { currentHealthy: 1, conditions },
  },
};

/** Everything that looks into objects. */
function look(plural: string, object: KubeObject): void {
  conditionOf(object, 'Ready')?.status.trim();
  kubeletVersionOf(object)?.startsWith('v');
  leftOver({ ...object, spec: {} }, object);
  for (const each of [...ownLabels(object), ...othersOf(object, ['spec'])]) each.trim();
  const name = object.metadata.name.trim();
  if (plural === 'nodes') [...podCIDRsOf(object), name].map((each) => each.split('/'));
  if (plural === 'nodes') hostOfNode(object, undefined);
  if (plural === 'pods') evictionLoss(object, { deleteEmptyDirData: false, force: mustLeave(object) });
  if (plural === 'pods') containerId(object)?.trim();
  if (plural === 'daemonsets') workloadState({ ...object, kind: 'DaemonSet' });
  if (plural === 'poddisruptionbudgets')
    budgetsOf({ ...object, metadata: { ...object.metadata } }, [object as Budget]).map(budgetText);
}

/** Every place in a value, as a path. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

function withValue(value: object, path: readonly string[], wrong: unknown): object {
  const copy = structuredClone(value) as Record<string, unknown>;
  let inner = copy;
  for (const key of path.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[path.at(-1) ?? ''] = wrong;
  return copy;
}

describe('the shape of an answer', () => {
  it.each(Object.entries(good))('%s as the API serves them', (plural, object) => {
    expect(misshapen({ items: [object] }, shapeOf('GET', `/api/v1/${plural}?limit=500`) ?? 'text')).toBe(
      undefined,
    );
    look(plural, object as KubeObject);
  });

  it('with anything anywhere, is refused or can be looked into', () => {
    const wrong = fc.constantFrom(null, 5, true, 'text', [], [null], {}, { a: null }, [5]);
    const places = Object.entries(good).flatMap(([plural, object]) =>
      placesOf(object)
        .slice(1)
        .map((path) => ({ plural, object, path })),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), wrong, ({ plural, object, path }, value) => {
        const answer = { items: [withValue(object, path, value)] };
        const problem = misshapen(answer, shapeOf('GET', `/apis/x/v1/${plural}`) ?? 'text');
        if (problem !== undefined) {
          refused++;
          expect(problem).toMatch(/^items\[0\]\.\S+ is (a |an |null|absent)/);
        } else look(plural, answer.items[0] as KubeObject);
      }),
      { numRuns: 4_000, seed: 14 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });

  it.each([
    ['GET', '/api/v1/nodes', { items: null }, 'items is null'],
    ['GET', '/api/v1/nodes', { items: [null] }, 'items[0] is null'],
    ['GET', '/api/v1/nodes', [], 'it is a list'],
    ['GET', '/api/v1/nodes', null, 'it is null'],
    ['GET', '/api/v1/nodes/w-1', { metadata: { name: 5 } }, 'metadata.name is a number'],
    ['GET', '/api/v1/namespaces/shop', {}, 'metadata is absent'],
    ['POST', '/api/v1/namespaces/shop/pods?dryRun=All', 'x', 'it is a text'],
    [
      'GET',
      '/api/v1/namespaces/kube-system/configmaps/coredns',
      { metadata: { name: 'coredns' }, data: { Corefile: 5 } },
      'data is an object of another form',
    ],
    ['GET', '/version', { gitVersion: 1 }, 'gitVersion is a number'],
    ['POST', '/api/v1/namespaces/x/serviceaccounts/default/token', {}, 'status is absent'],
    ['GET', '/api/v1/nodes/w-1/proxy/healthz', 'ok', undefined],
    ['GET', '/readyz', 'ok', undefined],
    ['DELETE', '/api/v1/nodes/w-1', { kind: 'Status' }, undefined],
  ] as const)('%s %s: %j', (method, path, body, problem) => {
    const shape = shapeOf(method, path);
    expect(shape && misshapen(structuredClone(body), shape)).toBe(problem);
  });

  it('null is the same as absent, as Kubernetes has it', () => {
    const node = { metadata: { name: 'w-1', labels: null }, spec: { taints: null }, status: null };
    expect(misshapen(node, shapeOf('GET', '/api/v1/nodes/w-1') ?? 'text')).toBeUndefined();
    expect(node).toEqual({ metadata: { name: 'w-1' }, spec: {} });
  });
});
