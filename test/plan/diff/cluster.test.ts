import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import { objectKey } from '../../../src/kube/types.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { DesiredCluster } from '../../../src/kube/desired-cluster.ts';
import { diffCluster } from '../../../src/plan/diff/cluster.ts';
import { installPhases } from '../../../src/plan/phases/install.ts';
import { conditionText, targetText } from '../../../src/plan/target.ts';
import type { Gate, Step } from '../../../src/plan/types.ts';
import { configMap, wants } from '../../samples/plan.ts';
import { noWork } from '../../samples/install-work.ts';

const ready = (kind: string, name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, annotations: { 'kboot.dev/managed-by': 'kboot' } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
  ...more,
});
const deployment = (replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'coredns', namespace: 'kube-system' },
  spec: { replicas, template: 'a' },
});
const cluster: DesiredCluster = wants({
  inventory: ['cp-1', 'w-1'],
  objects: [
    { stage: 'addon', object: deployment(2), keeps: [{ field: 'replicas' }] },
    { stage: 'control-plane', object: configMap('kubeadm-config', { a: '1' }) },
  ],
  lateObjects: [configMap('pool')],
  nodes: [
    { name: 'cp-1', labels: { 'node-role.kubernetes.io/control-plane': '' }, taints: [] },
    { name: 'w-1', labels: { zone: 'a' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] },
  ],
  controlPlanePods: [{ host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' }],
  workloads: [{ workload: 'Deployment', namespace: 'kube-system', name: 'coredns' }],
});

type Present = Extract<ClusterObservation, { state: 'present' }>;

/** A cluster in the desired state, as an API server reports it. */
function live(
  change: {
    objects?: readonly KubeObject[];
    nodes?: readonly KubeObject[];
    pods?: readonly KubeObject[];
  } = {},
): Present {
  const coredns = {
    ...deployment(3),
    status: { observedGeneration: 1, updatedReplicas: 3, readyReplicas: 3 },
  };
  const byName = (list: readonly KubeObject[]): Map<string, KubeObject> =>
    new Map(list.map((each) => [each.metadata.name, each]));
  const objects = [
    coredns,
    { ...configMap('kubeadm-config', { a: '1' }), immutable: false },
    configMap('pool'),
  ];
  const w1 = ready('Node', 'w-1', {
    spec: {
      taints: [
        { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
        { key: 'theirs', effect: 'NoExecute' },
      ],
    },
  });
  const nodes = [
    withLabels(ready('Node', 'cp-1'), { 'node-role.kubernetes.io/control-plane': '' }),
    withLabels(w1, { zone: 'a', more: 'x' }),
  ];
  return {
    state: 'present',
    objects: new Map([...objects, ...(change.objects ?? [])].map((each) => [objectKey(each), each])),
    nodes: byName([...nodes, ...(change.nodes ?? [])]),
    pods: byName([ready('Pod', 'etcd-cp-1'), ...(change.pods ?? [])]),
  };
}
function withLabels(object: KubeObject, labels: Record<string, string>): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels } };
}
/** Steps and gates in the order of an install without changes on hosts. */
function inOrder(
  what: DesiredCluster,
  seen: ClusterObservation,
  disturbed: readonly string[] = [],
  renewed: readonly string[] = [],
): { readonly stage: string; readonly item: Step | Gate }[] {
  const changes = diffCluster(what, seen, { disturbed: new Set(disturbed), renewed: new Set(renewed) });
  return installPhases({ ...noWork, cluster: changes }).flatMap(({ stage, batches }) =>
    batches
      .flatMap(({ tasks, gates }) => [...tasks.flatMap((task) => task.steps), ...gates])
      .map((item) => ({ stage, item })),
  );
}
const steps = (seen: ClusterObservation, disturbed: readonly string[] = [], what = cluster): string[] =>
  inOrder(what, seen, disturbed).map(({ stage, item }) =>
    (item.type === 'wait'
      ? [stage, 'wait', conditionText(item.condition)]
      : [stage, item.verb, targetText(item.target), item.reason]
    )
      .filter((part) => part !== '')
      .join(' '),
  );

describe('diffCluster', () => {
  it('has no steps for a cluster in the desired state, regardless of other objects and the scale of CoreDNS', () => {
    expect(steps(live({ objects: [configMap('theirs')] }))).toEqual([]);
  });

  it('bootstraps a cluster in order', () => {
    expect(steps({ state: 'absent' })).toEqual([
      'control-plane wait API server',
      'control-plane create ServiceAccounts of kube-controller-manager all at once; it would create them one after another',
      'control-plane create ConfigMap kube-system/kubeadm-config',
      'node wait Node cp-1 registered',
      'node wait Node w-1 registered',
      'node update Node cp-1 node-role.kubernetes.io/control-plane, kboot.dev/managed-by',
      'node update Node w-1 zone=a, gpu=yes:NoSchedule, kboot.dev/managed-by',
      'node wait Pod etcd-cp-1',
      'addon create Deployment kube-system/coredns',
      'addon wait Node cp-1 Ready',
      'addon wait Node w-1 Ready',
      'addon wait Deployment kube-system/coredns',
      'addon create ConfigMap kube-system/pool',
    ]);
  });

  it('creates what needs the Pod network once it is ready, and waits for no network that is', () => {
    const flannel: KubeObject = {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
      metadata: { name: 'kube-flannel-ds', namespace: 'kube-flannel' },
      spec: { template: { spec: { hostNetwork: true } } },
    };
    const dns = { ...deployment(2), spec: { replicas: 2, template: { spec: { nodeName: '' } } } };
    const { kind: workload, metadata } = flannel as KubeObject & {
      kind: 'DaemonSet';
      metadata: { namespace: string };
    };
    const what = wants({
      ...cluster,
      objects: [dns, flannel].map((object) => ({ stage: 'addon' as const, object })),
      workloads: [{ workload, ...metadata, podNetwork: true }, ...cluster.workloads],
    });
    const ofAddons = (seen: ClusterObservation): string[] =>
      steps(seen, [], what).filter((step) => /flannel|coredns/.test(step));
    const waits = 'addon wait DaemonSet kube-flannel/kube-flannel-ds';
    expect(ofAddons({ state: 'absent' })).toEqual([
      'addon create DaemonSet kube-flannel/kube-flannel-ds',
      waits,
      'addon create Deployment kube-system/coredns',
      'addon wait Deployment kube-system/coredns',
    ]);
    const count = (numberReady: number): KubeObject => ({
      ...flannel,
      status: { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady },
    });
    const changed = { ...dns, spec: { ...dns.spec, replicas: 1 } };
    expect(ofAddons(live({ objects: [count(1), changed] }))).toEqual([
      waits,
      expect.stringContaining('addon update Deployment kube-system/coredns'),
      'addon wait Deployment kube-system/coredns',
    ]);
    expect(ofAddons(live({ objects: [count(2), changed] }))).toEqual([
      expect.stringContaining('addon update Deployment kube-system/coredns'),
      waits,
      'addon wait Deployment kube-system/coredns',
    ]);
  });

  it('treats an API that does not respond neither as absent nor as healthy', () => {
    const all = steps({ state: 'unavailable', why: 'ECONNREFUSED' });
    expect(all.filter((step) => step.includes(' create '))).toEqual([]);
    expect(all).toContain('control-plane wait API server');
    expect(all).toContain(
      'control-plane update ConfigMap kube-system/kubeadm-config applied unconditionally: the API does not respond yet',
    );
  });

  it('names the fields of an object that differ', () => {
    expect(steps(live({ objects: [configMap('kubeadm-config', { a: '2' })] }))).toEqual([
      'control-plane update ConfigMap kube-system/kubeadm-config differs at data.a',
    ]);
    const other = {
      ...deployment(2),
      spec: { replicas: 2, template: 'b' },
      status: { observedGeneration: 1, updatedReplicas: 2, readyReplicas: 2 },
    };
    expect(steps(live({ objects: [other] }))).toEqual([
      'addon update Deployment kube-system/coredns differs at spec.template',
      'addon wait Deployment kube-system/coredns',
    ]);
  });

  it('names fields that kboot set and that are no longer desired', () => {
    const managedFields = [
      { manager: 'kboot', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {}, 'f:old': {} } } },
    ];
    const object = configMap('kubeadm-config', { a: '1', old: '2' });
    const owned = { ...object, metadata: { ...object.metadata, managedFields } };
    expect(steps(live({ objects: [owned] }))).toEqual([
      'control-plane update ConfigMap kube-system/kubeadm-config no longer has data.old',
    ]);
  });

  it('removes a label that left the inventory from its Node, and no other', () => {
    const managedFields = [
      {
        manager: 'kboot',
        operation: 'Update',
        fieldsV1: { 'f:metadata': { 'f:labels': { 'f:zone': {}, 'f:rack': {} } } },
      },
    ];
    const node = ready('Node', 'cp-1');
    const labelled = {
      ...node,
      metadata: {
        ...node.metadata,
        managedFields,
        labels: { 'node-role.kubernetes.io/control-plane': '', rack: '7', theirs: 'x' },
      },
    };
    const { marks } = diffCluster(cluster, live({ nodes: [labelled] }));
    expect(marks).toMatchObject([
      {
        target: { kind: 'node', name: 'cp-1' },
        reason: 'without rack',
        operation: {
          kind: 'mark',
          labels: { 'node-role.kubernetes.io/control-plane': '', rack: null },
        },
      },
    ]);
  });

  it('creates a deleted object again', () => {
    const seen = live();
    const objects = new Map(seen.objects);
    const metadata = { namespace: 'kube-system', name: 'kubeadm-config' };
    objects.delete(objectKey({ kind: 'ConfigMap', metadata }));
    expect(steps({ ...seen, objects })).toEqual([
      'control-plane create ConfigMap kube-system/kubeadm-config',
    ]);
  });

  it('restores a label and a taint', () => {
    expect(steps(live({ nodes: [withLabels(ready('Node', 'w-1', { spec: {} }), { zone: 'b' })] }))).toEqual([
      'node update Node w-1 zone=a, gpu=yes:NoSchedule',
    ]);
  });

  it('waits for everything that the plan disturbs, even if it is ready now', () => {
    expect(steps(live(), ['cp-1'])).toEqual([
      'control-plane wait API server',
      'node wait Pod etcd-cp-1',
      'addon wait Node cp-1 Ready',
      'addon wait Deployment kube-system/coredns',
    ]);
  });

  it('waits for the new container of a renewed Pod', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ containerID: 'containerd://1' }],
    };
    const seen = live({ pods: [ready('Pod', 'etcd-cp-1', { status })] });
    const replaced = (renewed: readonly string[]): unknown[] =>
      inOrder(cluster, seen, ['cp-1'], renewed).flatMap(({ item }) =>
        item.type === 'wait' && item.condition.kind === 'pod-ready' ? [item.condition.replaces] : [],
      );
    expect(replaced(['etcd-cp-1'])).toEqual(['containerd://1']);
    expect(replaced(['kube-scheduler-cp-1'])).toEqual([undefined]);
  });

  it('waits for objects that are not ready', () => {
    const bad = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
    expect(steps(live({ pods: [ready('Pod', 'etcd-cp-1', bad)] }))).toEqual(['node wait Pod etcd-cp-1']);
    expect(steps(live({ objects: [deployment(3)] }))).toEqual(['addon wait Deployment kube-system/coredns']);
  });

  it('leaves hosts that could not be read alone: neither their Nodes nor their Pods of DaemonSets are waited for', () => {
    const notReady = { conditions: [{ type: 'Ready', status: 'Unknown' }] };
    const down = withLabels(ready('Node', 'w-1', { spec: {}, status: notReady }), {});
    const proxy = (numberReady: number): KubeObject => ({
      ...ready('DaemonSet', 'kube-proxy'),
      metadata: { namespace: 'kube-system', name: 'kube-proxy' },
      status: { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberReady },
    });
    const waits = (numberReady: number, unread: readonly string[], node = down): string[] => {
      const workload = { workload: 'DaemonSet', namespace: 'kube-system', name: 'kube-proxy' } as const;
      const seen = live({ nodes: [node], objects: [proxy(numberReady)] });
      const what = { ...cluster, workloads: [workload] };
      const { marks, gates } = diffCluster(what, seen, { unread: new Set(unread) });
      return [
        ...marks.map(({ id }) => id),
        ...Object.values(gates).flatMap((each) => each.map(({ id }) => id)),
      ];
    };
    expect(waits(1, [])).toEqual([
      'cluster: marks Node w-1',
      'cluster: waits for Node w-1 Ready',
      'cluster: waits for DaemonSet kube-system/kube-proxy',
    ]);
    expect(waits(1, ['w-1'])).toEqual([]);
    expect(waits(0, ['w-1'])).toEqual(['cluster: waits for DaemonSet kube-system/kube-proxy']);
    // A Node that is Ready is only out of kboot's reach.
    expect(waits(1, ['w-1'], ready('Node', 'w-1'))).toEqual([
      'cluster: waits for DaemonSet kube-system/kube-proxy',
    ]);
  });

  it('removes a marked Node that left the inventory; drains it if it can terminate its Pods', () => {
    const stray = { ...ready('Node', 'w-7'), metadata: { name: 'w-7' } };
    const gone = ready('Node', 'w-9', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } });
    const seen = live({ nodes: [stray, ready('Node', 'w-8'), gone] });
    expect(steps(seen)).toEqual([
      'node update Node w-8 cordoned, its Pods evicted (300 s at most)',
      'node delete Node w-8 its host left the inventory',
      'node delete Node w-9 its host left the inventory; it is not Ready, so it is not drained',
    ]);
    expect(
      inOrder(cluster, seen).map(({ item }) => item.type === 'node' && [item.node, item.operation.kind]),
    ).toEqual([
      ['w-8', 'drain'],
      ['w-8', 'delete'],
      ['w-9', 'delete'],
    ]);
  });

  it('creates the accounts of controllers in a new cluster only', () => {
    expect(diffCluster(cluster, { state: 'absent' }).accounts.map(({ id }) => id)).toEqual([
      'cluster: ServiceAccounts of kube-controller-manager',
    ]);
    expect(diffCluster({ ...cluster, controlPlanePods: [] }, { state: 'absent' }).accounts).toEqual([]);
    expect(diffCluster(cluster, live({ objects: [] })).accounts).toEqual([]);
    expect(diffCluster(cluster, { state: 'unavailable', why: 'it starts' }).accounts).toEqual([]);
  });

  it('gives every step and gate a unique id', () => {
    const ids = inOrder(cluster, { state: 'absent' }).map(({ item }) => item.id);
    expect(ids).toHaveLength(13);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has the components that a workload starts or restarts as effects', () => {
    const effects = (seen: ClusterObservation): unknown =>
      diffCluster(cluster, seen).objects.addon.map((step) => step.effects);
    const other = { ...deployment(2), spec: { replicas: 2, template: 'b' } };
    const labelled = withLabels(deployment(3), { more: 'x' });
    expect(effects({ state: 'absent' })).toEqual([[{ component: 'coredns', kind: 'start' }]]);
    expect(effects(live({ objects: [other] }))).toEqual([[{ component: 'coredns', kind: 'restart' }]]);
    const relabelled = {
      ...cluster,
      objects: [{ stage: 'addon' as const, object: withLabels(deployment(3), { a: 'b' }) }],
    };
    expect(
      diffCluster(relabelled, live({ objects: [labelled] })).objects.addon.map((step) => step.effects),
    ).toEqual([[]]);
  });
});

describe('objects that are no longer in the inventory', () => {
  const peer = (name: string, labels: Record<string, string> = {}): KubeObject => ({
    apiVersion: 'metallb.io/v1beta2',
    kind: 'BGPPeer',
    metadata: { name, namespace: 'metallb-system', labels },
  });
  const label = { 'app.kubernetes.io/managed-by': 'kboot' };
  const swept = {
    ...cluster,
    prunedKinds: [{ apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', namespace: 'metallb-system' }],
  };
  const deletions = (want: DesiredCluster, seen: ClusterObservation): string[] =>
    inOrder(want, seen).flatMap(({ item }) => (item.type === 'delete' ? [targetText(item.target)] : []));

  it("are deleted if they have kboot's label and are of a pruned kind, and no others", () => {
    const base = live();
    const objects = new Map(base.objects);
    for (const object of [
      peer('old', label),
      peer('wanted', label),
      peer('own'),
      { ...configMap('x'), metadata: { name: 'x', labels: label } },
    ])
      objects.set(objectKey(object), object);
    const want = { ...swept, lateObjects: [...swept.lateObjects, peer('wanted', label)] };
    expect(deletions(want, { ...base, objects })).toEqual(['BGPPeer metallb-system/old']);
    expect(deletions(cluster, { ...base, objects })).toEqual([]);
  });

  it('stay while the API does not respond', () => {
    expect(deletions(swept, { state: 'unavailable', why: '' })).toEqual([]);
    expect(deletions(swept, { state: 'absent' })).toEqual([]);
  });
});

describe('an external endpoint', () => {
  const outside = { ...cluster, outsideEndpoint: { host: 'api.example', port: 443 } };
  const isEndpoint = ({ item }: ReturnType<typeof inOrder>[number]): boolean =>
    item.type === 'wait' && item.condition.kind === 'endpoint';
  const waits = (seen: ClusterObservation): number => inOrder(outside, seen).filter(isEndpoint).length;

  it('is waited for before nodes use it, and only until the cluster exists', () => {
    const all = inOrder(outside, { state: 'absent' });
    const at = all.findIndex(isEndpoint);
    expect(all[at]).toMatchObject({
      stage: 'control-plane',
      item: { condition: { address: 'api.example', port: 443 } },
    });
    expect(all.slice(at + 1).every(({ stage }) => stage !== 'control-plane')).toBe(true);
    const phases = installPhases({
      ...noWork,
      cluster: diffCluster(outside, { state: 'absent' }),
    });
    expect(phases.find(({ id }) => id === 'nodes')?.after).toContainEqual({ phase: 'api', need: 'all' });
    expect(waits({ state: 'unavailable', why: '' })).toBe(1);
    expect(waits(live())).toBe(0);
  });
});
