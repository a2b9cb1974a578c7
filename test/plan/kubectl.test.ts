import { beforeAll, describe, expect, it } from 'vitest';
import type { Desire } from '../../src/desire/context.ts';
import { removedNames, removedNodesObjects } from '../../src/kube/removed-nodes.ts';
import { objectKey, type KubeObject } from '../../src/kube/types.ts';
import type { Inspection } from '../../src/model/inspection.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide } from '../../src/plan/decide.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { gatesOf, stepsOf } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Plan } from '../../src/plan/types.ts';
import { haCluster, issuedNow, knownOf, running } from './world.ts';

let desire: Desire;
beforeAll(async () => {
  desire = await issuedNow(haCluster);
});

type Api = Observed['api'] & { readonly state: 'present' };

/** The plan of a running cluster after changes to its API, and of hosts. */
function planned(
  change: (api: Api) => Partial<Api>,
  hosts: Readonly<Record<string, Partial<Inspection>>> = {},
  former: Observed['former'] = new Map(),
): Plan {
  const known = knownOf(desire);
  const seen = running(known);
  const { api } = seen;
  if (api?.state !== 'present') throw new Error('no API');
  const now: Observed = {
    ...seen,
    former,
    api: { ...api, ...change(api) },
    hosts: new Map(
      [...seen.hosts].map(([name, host]) => [
        name,
        { ...host, inspection: { ...host.inspection, ...hosts[name] } },
      ]),
    ),
  };
  return assemble(known, decide(known, now), 'live', []);
}

const ids = (plan: Plan): string[] => stepsOf(plan).map(({ id }) => id);

function without(names: readonly string[]) {
  return (api: Api): Partial<Api> => ({
    nodes: new Map([...api.nodes].filter(([name]) => !names.includes(name))),
  });
}

function onNode(name: string, change: (node: KubeObject) => KubeObject) {
  return (api: Api): Partial<Api> => ({
    nodes: new Map([...api.nodes].map(([key, node]) => [key, key === name ? change(node) : node])),
  });
}

function onObject(
  kind: string,
  namespace: string | undefined,
  name: string,
  change: (object: KubeObject) => KubeObject | undefined,
) {
  const key = objectKey({ kind, metadata: { name, ...(namespace !== undefined && { namespace }) } });
  return (api: Api): Partial<Api> => {
    if (!api.objects.has(key)) throw new Error(`no ${key}`);
    return {
      objects: new Map(
        [...api.objects].flatMap(([each, object]) => {
          const now = each === key ? change(object) : object;
          return now === undefined ? [] : [[each, now] as const];
        }),
      ),
    };
  };
}

const spec = (object: KubeObject): object => object['spec'] as object;
const flannelOn = (subnet: string, bridge = subnet): Partial<Inspection> => ({
  flannelRuns: true,
  flannelSubnets: [`${subnet}/24`],
  addresses: [{ address: bridge, prefix: 24, interface: 'cni0' }],
});

describe('a Node that was deleted', () => {
  it('registers again: its kubelet restarts, then flannel, then its bridge follows, and nothing else', () => {
    const plan = planned(without(['w-1']), { 'w-1': flannelOn('10.244.4.1') });
    expect(ids(plan)).toEqual([
      'w-1: unit kubelet',
      'cluster: marks Node w-1',
      'cluster: restarts flannel on w-1',
      'w-1: pod-network cni0',
    ]);
    expect(stepsOf(plan)[0]).toMatchObject({ effects: [{ component: 'kubelet', kind: 'restart' }] });
    const gates = gatesOf(plan).map(({ id }) => id);
    expect(gates).toContain('cluster: waits for Node w-1 registered');
    expect(gates).toContain('cluster: waits for Node w-1 Ready');
  });

  it('of control planes registers in a rollout, one after another', () => {
    const plan = planned(without(['cp-1', 'cp-3']));
    const rollout = plan.phases.find(({ id }) => id === 'rollout');
    expect(
      rollout?.batches.map(({ tasks }) => tasks.flatMap(({ steps }) => steps.map(({ id }) => id))),
    ).toEqual([['cp-1: unit kubelet'], ['cp-3: unit kubelet']]);
  });

  it('of a host whose kubelet is down does not restart what the plan starts anyway', () => {
    const plan = planned(without(['w-1']), { 'w-1': { ...flannelOn('10.244.4.1'), kubeletActive: false } });
    expect(ids(plan)).toEqual([
      'cluster: marks Node w-1',
      'cluster: restarts flannel on w-1',
      'w-1: pod-network cni0',
    ]);
  });
});

describe('a Node with another podCIDR', () => {
  const podCIDR = (cidr: string) =>
    onNode('w-1', (node) => ({
      ...node,
      metadata: {
        ...node.metadata,
        annotations: { ...node.metadata.annotations, 'flannel.alpha.coreos.com/kube-subnet-manager': 'true' },
      },
      spec: { ...spec(node), podCIDR: cidr, podCIDRs: [cidr] },
    }));

  it('makes flannel restart and the bridge follow, only where they differ', () => {
    expect(ids(planned(podCIDR('10.244.5.0/24'), { 'w-1': flannelOn('10.244.4.1') }))).toEqual([
      'cluster: restarts flannel on w-1',
      'w-1: pod-network cni0',
    ]);
    expect(ids(planned(podCIDR('10.244.5.0/24'), { 'w-1': flannelOn('10.244.5.1', '10.244.4.1') }))).toEqual([
      'w-1: pod-network cni0',
    ]);
    expect(ids(planned(podCIDR('10.244.5.0/24'), { 'w-1': flannelOn('10.244.5.1') }))).toEqual([]);
  });
});

describe('a cordoned Node', () => {
  const cordoned = (annotations: Readonly<Record<string, string>>) =>
    onNode('w-1', (node) => ({
      ...node,
      metadata: { ...node.metadata, annotations: { ...node.metadata.annotations, ...annotations } },
      spec: { ...spec(node), unschedulable: true },
    }));

  it('is a warning, and stays cordoned', () => {
    const plan = planned(cordoned({}));
    expect(ids(plan)).toEqual([]);
    expect(plan.warnings).toEqual([expect.stringContaining('Node w-1 is cordoned, not by kboot')]);
  });

  it('is uncordoned if kboot had cordoned it', () => {
    const plan = planned(cordoned({ 'kboot.dev/cordoned-by': 'kboot' }));
    expect(ids(plan)).toEqual(['cluster: uncordons Node w-1']);
    expect(plan.warnings).toEqual([]);
  });
});

describe('what kubectl changes is brought back', () => {
  const cases: readonly (readonly [string, (api: Api) => Partial<Api>, readonly string[]])[] = [
    [
      'labels, taints and the mark of a Node',
      onNode('cp-1', (node) => ({ ...node, metadata: { name: 'cp-1' }, spec: {} })),
      ['cluster: marks Node cp-1'],
    ],
    [
      'a ServiceAccount deleted: its Pods need new tokens',
      onObject('ServiceAccount', 'kube-flannel', 'flannel', () => undefined),
      ['cluster: ServiceAccount kube-flannel/flannel', 'cluster: DaemonSet kube-flannel/kube-flannel-ds'],
    ],
    [
      "a role of the API server's own deleted: it creates it when it starts",
      onObject('ClusterRoleBinding', undefined, 'system:node-proxier', () => undefined),
      ['cp-1: static-pod kube-apiserver'],
    ],
    [
      'CoreDNS scaled to none',
      onObject('Deployment', 'kube-system', 'coredns', (object) => ({
        ...object,
        spec: { ...spec(object), replicas: 0 },
      })),
      ['cluster: Deployment kube-system/coredns'],
    ],
    ...(
      [
        ['ConfigMap', 'kube-system', 'kubeadm-config'],
        ['ConfigMap', 'kube-system', 'kubelet-config'],
        ['ConfigMap', 'kube-public', 'cluster-info'],
        ['ConfigMap', 'kube-system', 'kube-proxy'],
        ['ConfigMap', 'kube-system', 'coredns'],
        ['ConfigMap', 'kube-flannel', 'kube-flannel-cfg'],
        ['DaemonSet', 'kube-system', 'kube-proxy'],
        ['DaemonSet', 'kube-flannel', 'kube-flannel-ds'],
        ['Deployment', 'kube-system', 'coredns'],
        ['Service', 'kube-system', 'kube-dns'],
        ['Namespace', undefined, 'kube-flannel'],
        ['ClusterRole', undefined, 'kubeadm:get-nodes'],
        ['ClusterRoleBinding', undefined, 'kubeadm:cluster-admins'],
        ['ClusterRoleBinding', undefined, 'kubeadm:node-autoapprove-certificate-rotation'],
        ['ClusterRoleBinding', undefined, 'kubeadm:node-proxier'],
        ['Role', 'kube-public', 'kubeadm:bootstrap-signer-clusterinfo'],
        ['RoleBinding', 'kube-system', 'kubeadm:kubelet-config'],
      ] as const
    ).map(
      ([kind, namespace, name]) =>
        [
          `${kind} ${name} deleted`,
          onObject(kind, namespace, name, () => undefined),
          [`cluster: ${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`],
        ] as const,
    ),
  ];

  it.each(cases)('%s', (_what, change, steps) => {
    expect(ids(planned(change))).toEqual(steps);
  });

  it.each([
    [
      'a Service with another address',
      'Service',
      'kube-system',
      'kube-dns',
      { spec: { clusterIP: '10.96.7.7' } },
    ],
    [
      'a DaemonSet with another selector',
      'DaemonSet',
      'kube-flannel',
      'kube-flannel-ds',
      { spec: { selector: { matchLabels: { app: 'x' } } } },
    ],
    [
      'a binding of another role',
      'ClusterRoleBinding',
      undefined,
      'kubeadm:node-proxier',
      { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } },
    ],
    [
      'a ConfigMap that somebody made immutable',
      'ConfigMap',
      'kube-system',
      'kube-proxy',
      { immutable: true, data: { 'config.conf': 'x' } },
    ],
  ] as const)(
    '%s is deleted and created again: the API refuses to change it',
    (_what, kind, namespace, name, change) => {
      const { spec: part, ...rest } = change as { readonly spec?: object };
      const plan = planned(
        onObject(kind, namespace, name, (object) => ({
          ...object,
          ...rest,
          ...(part && { spec: { ...spec(object), ...part } }),
        })),
      );
      const [step, ...more] = stepsOf(plan);
      expect(more).toEqual([]);
      expect(step).toMatchObject({ type: 'apply', replaces: true });
    },
  );

  it('an operator may scale CoreDNS otherwise', () => {
    const scaled = onObject('Deployment', 'kube-system', 'coredns', (object) => ({
      ...object,
      spec: { ...spec(object), replicas: 5 },
      status: { observedGeneration: 1, updatedReplicas: 5, readyReplicas: 5 },
    }));
    expect(ids(planned(scaled))).toEqual([]);
  });
});

describe('a host that left the inventory', () => {
  const gone: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'w-9', annotations: { 'kboot.dev/managed-by': 'kboot' } },
    spec: {},
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const added = (node: KubeObject) => (api: Api) => ({
    nodes: new Map([...api.nodes, [node.metadata.name, node]]),
  });
  const listed = (names: readonly string[]) => (api: Api) => ({
    objects: new Map([
      ...api.objects,
      ...removedNodesObjects(names).map((each) => [objectKey(each), each] as const),
    ]),
  });
  const list = [
    'cluster: ValidatingAdmissionPolicy kboot-removed-nodes',
    'cluster: ValidatingAdmissionPolicyBinding kboot-removed-nodes',
  ];

  it('may not register, is drained, its kubelet is stopped, then its Node goes', () => {
    const plan = planned(added(gone), {}, new Map([['w-9', { state: 'reached', kubelet: 'on' }]]));
    expect(ids(plan)).toEqual([
      ...list,
      'cluster: drains Node w-9',
      'w-9: stops kubelet',
      'cluster: removes Node w-9',
    ]);
    expect(plan.warnings).toEqual([]);
    expect(plan.hosts.map(({ name }) => name)).toContain('w-9');
    expect(JSON.stringify(stepsOf(plan)[0])).toContain('"system:node:w-9\\"');
  });

  it('is a warning if it cannot be reached; nothing fails', () => {
    const plan = planned(added(gone), {}, new Map([['w-9', { state: 'unreachable', why: 'no route' }]]));
    expect(ids(plan)).toEqual([...list, 'cluster: drains Node w-9', 'cluster: removes Node w-9']);
    expect(plan.warnings).toEqual([expect.stringContaining('cannot be stopped: no route')]);
    expect(plan.hosts.map(({ name }) => name)).not.toContain('w-9');
  });

  it('stays in the list once its Node is gone, and leaves the list before anything else when it comes back', () => {
    expect(ids(planned(listed(['w-9'])))).toEqual([]);
    const back = planned(listed(['w-1', 'w-9']));
    expect(stepsOf(back).map(({ verb, reason }) => `${verb} ${reason}`)).toEqual([
      'update refuses the kubelet of w-9; admits w-1 again',
      'update refuses the kubelet of w-9; admits w-1 again',
    ]);
    const last = planned(listed(['w-1']));
    expect(stepsOf(last).map(({ verb, target }) => `${verb} ${targetText(target)}`)).toEqual([
      'delete ValidatingAdmissionPolicy kboot-removed-nodes',
      'delete ValidatingAdmissionPolicyBinding kboot-removed-nodes',
    ]);
    expect(last.phases[0]?.id).toBe('membership');
  });

  it('is repaired in the list from either object, and grows by name', () => {
    const half = planned((api) => {
      const [, binding] = removedNodesObjects(['w-7']);
      if (binding === undefined) throw new Error('two objects');
      const { nodes } = added(gone)(api);
      return { nodes, objects: new Map([...api.objects, [objectKey(binding), binding]]) };
    });
    const [policy] = stepsOf(half);
    expect(policy).toMatchObject({ verb: 'create', reason: 'refuses the kubelet of w-7, w-9' });
  });

  it('is recorded in a form that is read back; other texts are not names', () => {
    expect(removedNames(removedNodesObjects(['w-1', 'w-2']))).toEqual(['w-1', 'w-2']);
    const [policy] = removedNodesObjects(['w-1']);
    const spoiled = {
      ...policy,
      metadata: { name: 'x', annotations: { 'kboot.dev/removed-nodes': 'a"] w-1' } },
    };
    expect(removedNames([spoiled as KubeObject, undefined])).toEqual(['w-1']);
    expect(removedNodesObjects([])).toEqual([]);
  });
});
