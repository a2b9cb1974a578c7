import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../../src/model/cluster.ts';
import { isCheck, whyNotIgnorable } from '../../../../src/model/preflight-checks.ts';
import type { UpgradeObservation, WebhookSeen } from '../../../../src/observe/upgrade/observation.ts';
import {
  upgradeFindings,
  upgradeNotes,
  type UpgradeCheckInput,
} from '../../../../src/plan/preflight/upgrade/index.ts';
import {
  budgetSample,
  nodeSample,
  podSample,
  upgradeInput,
  upgradingCluster,
} from '../../../samples/upgrade.ts';

function found(seen: Partial<UpgradeObservation>, changes: Partial<UpgradeCheckInput> = {}): string[] {
  return upgradeFindings(upgradeInput(seen, changes)).map(
    ({ check, level, host, message }) => `${check} ${level} ${host}: ${message}`,
  );
}

const withDrain = (drain: Partial<Cluster['upgrade']['drain']>): Partial<UpgradeCheckInput> => ({
  cluster: {
    ...upgradingCluster,
    upgrade: { ...upgradingCluster.upgrade, drain: { ...upgradingCluster.upgrade.drain, ...drain } },
  },
});

it('finds nothing where nothing is in the way', () => {
  expect(found({})).toEqual([]);
});

describe('control planes', () => {
  const pod = (component: string, ready: boolean, image = 'x:v1.35.6') =>
    podSample({
      ...{
        name: `${component}-cp-1`,
        node: 'cp-1',
        namespace: 'kube-system',
        mirror: true,
        ready,
        of: 'Node/cp-1',
      },
      spec: { containers: [{ name: component, image }] },
    });

  it('must be Ready before the first step', () => {
    const nodes = new Map([['cp-1', nodeSample('cp-1', 'Unknown')]]);
    expect(found({ nodes })).toEqual([
      expect.stringMatching(
        /^ControlPlaneNodesReady error cp-1: its Node is not Ready: as it is; /,
      ) as string,
    ]);
    expect(found({ pods: [pod('etcd', true), pod('kube-scheduler', false)] })).toEqual([
      expect.stringMatching(/^StaticPodsReady error cp-1: not Ready: kube-scheduler-cp-1; /) as string,
    ]);
  });

  it('are repaired by the run once it has begun', () => {
    const begun = [pod('kube-apiserver', false, 'registry.k8s.io/kube-apiserver:v1.36.2')];
    expect(found({ pods: begun })[0]).toMatch(/^StaticPodsReady warning/);
    const nodes = new Map([
      ['cp-1', nodeSample('cp-1', 'False')],
      ['w-1', nodeSample('w-1', 'True', 'v1.36.2')],
    ]);
    expect(found({ nodes })[0]).toMatch(/^ControlPlaneNodesReady warning/);
  });
});

describe('Pods that the policy keeps', () => {
  const pods = [
    podSample({ name: 'alone', node: 'w-1' }),
    podSample({ name: 'done', node: 'w-1', phase: 'Succeeded' }),
    podSample({ name: 'static', node: 'w-1', mirror: true }),
    podSample({ name: 'elsewhere', node: 'cp-1' }),
    podSample({
      ...{ name: 'cache', node: 'w-2', of: 'StatefulSet/cache' },
      spec: { volumes: [{ name: 'scratch', emptyDir: {} }] },
    }),
  ];

  it('are named by node', () => {
    expect(found({ pods })).toEqual([
      'BarePods error w-1: Pods without a controller, which nothing creates again once the node is drained: shop/alone',
    ]);
    expect(found({ pods }, withDrain({ force: true, deleteEmptyDirData: false }))).toEqual([
      'EmptyDirPods error w-2: Pods with an emptyDir volume, whose content a drain deletes: shop/cache',
    ]);
    expect(found({ pods }, withDrain({ force: true }))).toEqual([]);
    expect(found({ pods }, { drains: ['w-2'] })).toEqual([]);
  });
});

describe('API versions', () => {
  const use = { host: 'cp-1', group: 'storage.k8s.io', version: 'v1beta1', subresource: '' };
  const deprecated = [
    { ...use, resource: 'csinodes', removedRelease: '1.36' },
    { ...use, resource: 'csinodes', removedRelease: '1.36', host: 'cp-2' },
    { ...use, resource: 'volumeattributesclasses', removedRelease: '1.37' },
  ];
  const stored = [
    {
      ...{ groupVersion: 'scheduling.k8s.io/v1alpha1', resource: 'workloads', lostIn: 36 },
      ...{ names: ['shop/batch'], count: 1 },
    },
  ];

  it('that go and were requested are one finding each', () => {
    expect(found({ deprecated })).toEqual([
      'DeprecatedAPI error cp-1: clients have requested csinodes of storage.k8s.io/v1beta1 since the API servers of cp-1, cp-2 started; Kubernetes v1.36 no longer serves it',
    ]);
    expect(found({ deprecated }, { to: 'v1.37.0' })).toHaveLength(2);
    expect(found({ deprecated }, { to: 'v1.35.9' })).toEqual([]);
  });

  it('that nobody can read any more must have no objects', () => {
    const [finding] = upgradeFindings(upgradeInput({ stored }));
    expect(finding).toMatchObject({ check: 'StoredObjects', level: 'error' });
    expect(finding?.remedy).toContain('kubectl delete workloads.v1alpha1.scheduling.k8s.io --all -A');
    expect(found({ stored }, { to: 'v1.35.9' })).toEqual([]);
    expect(found({ stored }, { from: 'v1.36.2', to: 'v1.36.3' })).toEqual([]);
  });
});

describe('webhooks', () => {
  const webhook: WebhookSeen = {
    configuration: 'ValidatingWebhookConfiguration policy',
    name: 'policy.example.com',
    service: { namespace: 'policy', name: 'webhook' },
    rules: [{ operations: ['*'], apiGroups: ['*'], resources: ['*/*'], scope: '*' }],
    isConditional: false,
    ready: [{ node: 'w-1', pod: 'policy-1' }],
    namespaceLabels: { team: 'policy' },
  };
  const rule = (resource: string, operation: string, group = ''): WebhookSeen['rules'] => [
    { operations: [operation], apiGroups: [group], resources: [resource] },
  ];

  it.each<[string, Partial<WebhookSeen>, RegExp | undefined]>([
    [
      'all Pods on one node that is drained',
      {},
      /^Webhook error w-1: .* would refuse changes of Nodes, evictions, new Pods and 4 more while .* \(policy-1\), and without them their own replacement is refused too$/,
    ],
    [
      'without a ready endpoint',
      { ready: [] },
      /^Webhook error cp-1: .*: Service policy\/webhook has no ready endpoint$/,
    ],
    ['with conditions', { ready: [], isConditional: true }, /^Webhook warning/],
    ['on two nodes', { ready: [{ node: 'w-1' }, { node: 'w-2' }] }, undefined],
    ['on a node that is not drained', { ready: [{ node: 'cp-1' }] }, undefined],
    ['for evictions', { rules: rule('pods/eviction', 'CREATE') }, /would refuse evictions while/],
    ['for all that a Pod has', { rules: rule('pods/*', 'CREATE') }, /would refuse evictions, new Pods while/],
    [
      'for Pods',
      { rules: rule('pods', 'CREATE') },
      /would refuse new Pods while .* replacement is refused too$/,
    ],
    ['for deletions', { rules: rule('pods', 'DELETE') }, undefined],
    ['for something else', { rules: rule('ingresses', 'UPDATE', 'networking.k8s.io') }, undefined],
    ['for Nodes', { rules: rule('nodes', 'UPDATE') }, /would refuse changes of Nodes while/],
    [
      'of other namespaces',
      {
        rules: rule('configmaps', 'UPDATE'),
        namespaceSelector: {
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system'] },
          ],
        },
      },
      undefined,
    ],
    [
      'of labelled namespaces',
      { rules: rule('pods', 'CREATE'), namespaceSelector: { matchLabels: { guarded: 'yes' } } },
      undefined,
    ],
    ['of labelled objects', { objectSelector: { matchLabels: { guarded: 'yes' } } }, undefined],
    [
      'that leave their own namespace out',
      {
        rules: rule('pods', 'CREATE'),
        namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['policy'] }] },
      },
      /would refuse new Pods while .*\(policy-1\)$/,
    ],
  ])('%s', (_case, change, expected) => {
    const lines = found({ webhooks: [{ ...webhook, ...change }] });
    if (expected === undefined) expect(lines).toEqual([]);
    else expect(lines).toEqual([expect.stringMatching(expected)]);
  });

  it('with two replicas whose nodes go together', () => {
    const hosts = upgradingCluster.hosts.map((each) =>
      each.roles.includes('worker') ? { ...each, upgradeGroup: 'rack-a' } : each,
    );
    const webhooks = [{ ...webhook, ready: [{ node: 'w-1' }, { node: 'w-2' }] }];
    expect(found({ webhooks }, { cluster: { ...upgradingCluster, hosts } })).toHaveLength(1);
  });
});

it('what could not be read is an error, and the rest is found nevertheless', () => {
  const lines = found({
    unread: ['webhooks: no response in 20 s'],
    pods: [podSample({ name: 'a', node: 'w-1' })],
  });
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/^UpgradeUnread error cp-1: .*: webhooks: no response in 20 s$/);
  expect(found({ unread: ['x'] }, { from: 'v1.36.2' })[0]).toMatch(/^UpgradeUnread warning/);
});

it('everything is found at once, and every check has a name that can be ignored', () => {
  const labels = { app: 'web' };
  const findings = upgradeFindings(
    upgradeInput({
      nodes: new Map([['cp-1', nodeSample('cp-1', 'False')]]),
      pods: [
        podSample({ name: 'a', node: 'w-1' }),
        podSample({ name: 'b', node: 'w-2', of: 'StatefulSet/b', labels }),
      ],
      budgets: [budgetSample(labels, { expectedPods: 1, currentHealthy: 1, desiredHealthy: 1 })],
      unread: ['x'],
    }),
  );
  const checks = findings.map(({ check }) => check);
  expect(checks).toEqual(['ControlPlaneNodesReady', 'PodDisruptionBudget', 'BarePods', 'UpgradeUnread']);
  for (const check of checks) {
    expect(isCheck(check)).toBe(true);
    expect(whyNotIgnorable(check)).toBeUndefined();
  }
  for (const { remedy } of findings) expect(remedy).not.toBe('');
});

describe('notes', () => {
  const hash = { 'pod-template-hash': '7d9' };
  const pods = [
    podSample({ name: 'web-1', node: 'w-1', of: 'ReplicaSet/web-7d9', labels: hash }),
    podSample({ name: 'web-2', node: 'w-2', of: 'ReplicaSet/web-7d9', labels: hash }),
    podSample({
      ...{ name: 'cache-1', node: 'w-1', of: 'ReplicaSet/cache-7d9', labels: hash },
      spec: {
        terminationGracePeriodSeconds: 60,
        containers: [
          { name: 'a', image: 'x', readinessProbe: { initialDelaySeconds: 5 } },
          { name: 'b', image: 'x', startupProbe: { initialDelaySeconds: 10 }, readinessProbe: {} },
        ],
      },
    }),
    podSample({
      ...{ name: 'db-0', node: 'w-2', of: 'StatefulSet/db' },
      spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }] },
    }),
    podSample({ name: 'proxy', node: 'w-1', of: 'DaemonSet/kube-proxy', namespace: 'kube-system' }),
    podSample({ name: 'job', node: 'w-1', of: 'Job/job', phase: 'Succeeded' }),
  ];
  const localVolumes = [{ volume: 'disk-2', namespace: 'shop', claim: 'data-db-0', nodes: ['w-2'] }];

  it('say what moves, what is down for how long, and what stays', () => {
    expect(upgradeNotes(upgradeInput({ pods, localVolumes }))).toEqual([
      '4 Pods of 3 workloads move: Deployment shop/web (2), Deployment shop/cache, StatefulSet shop/db',
      'with one replica, so down while it moves, by its own definition: Deployment shop/cache (60 s at most to end, 10 s until its first probe)',
      'no other node can run it, so down for the whole turn of its node: shop/db-0 on w-2 (PersistentVolume disk-2 is there)',
      'Pods of DaemonSets stay: kube-system/kube-proxy',
    ]);
  });

  it('know a stated grace period, a stated node, and a volume that another node has too', () => {
    const both = localVolumes.map((volume) => ({ ...volume, nodes: ['w-1', 'w-2'] }));
    const notes = upgradeNotes(
      upgradeInput({ pods, localVolumes: both }, withDrain({ gracePeriodSeconds: 7 })),
    );
    expect(notes[1]).toContain('StatefulSet shop/db (7 s at most to end)');
    const nodeSelector = { 'kubernetes.io/hostname': 'w-1' };
    const tied = podSample({ name: 'tied', node: 'w-1', of: 'StatefulSet/tied', spec: { nodeSelector } });
    expect(upgradeNotes(upgradeInput({ pods: [tied] })).join()).toContain(
      'shop/tied on w-1 (its nodeSelector',
    );
  });

  it('are none where no node is drained', () => {
    expect(upgradeNotes(upgradeInput({ pods }, { drains: [] }))).toEqual([]);
  });
});
