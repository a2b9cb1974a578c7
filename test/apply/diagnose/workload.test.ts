import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/apply/diagnose/index.ts';
import { openKube, type KubeClient } from '../../../src/kube/client.ts';
import type { Condition } from '../../../src/plan/types.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../../kube/api-server.ts';
import { failing, fakeHost, type FakeHost } from './fake-host.ts';
import { crashing, event, fakeKube, list, pod } from '../../samples/diagnose.ts';

const system = '/api/v1/namespaces/kube-system';
const coredns = {
  kind: 'workload-ready',
  workload: 'Deployment',
  namespace: 'kube-system',
  name: 'coredns',
} as const;
const deploymentPath = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
const deployment = {
  kind: 'Deployment',
  metadata: { name: 'coredns', uid: 'uid-coredns', generation: 1 },
  spec: { replicas: 2, selector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
  status: {
    observedGeneration: 1,
    conditions: [
      { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'no minimum' },
      { type: 'Progressing', status: 'True' },
    ],
  },
};
const daemonSetPath = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy';
const kubeProxy = { ...coredns, workload: 'DaemonSet', name: 'kube-proxy' } as const;

const linesOf = async (
  condition: Condition,
  kube: KubeClient,
  hosts: Readonly<Record<string, FakeHost>> = {},
): Promise<string[]> => {
  const connections = new Map(Object.entries(hosts).map(([name, { connection }]) => [name, connection]));
  return (await diagnose(condition, { connections, kube: () => Promise.resolve(kube) })).split('\n');
};

describe('through an API server', () => {
  let pki: FakePki;
  let api: FakeApi;
  beforeAll(async () => {
    pki = await fakePki();
  }, 60_000);
  beforeEach(async () => {
    api = await startApi(pki);
  });
  afterEach(() => api.close());

  it('a Deployment whose Pods crash: their nodes, how they ended, their events and their logs', async () => {
    const running = {
      ...crashing('coredns', 6),
      state: { running: {} },
      lastState: { terminated: { exitCode: 2, reason: 'Error' } },
    };
    const answers: Readonly<Record<string, unknown>> = {
      [deploymentPath]: deployment,
      [`${system}/pods?labelSelector=k8s-app%3Dkube-dns&limit=500`]: list(
        pod('coredns-a', { node: 'w-1', containers: [crashing('coredns')] }),
        pod('coredns-b', { node: 'w-1', containers: [running] }),
        pod('coredns-c', { node: 'w-2', ready: true }),
      ),
      [`${system}/events?fieldSelector=involvedObject.uid%3Duid-coredns-a&limit=500`]: list(
        event('Warning', 'BackOff', 'Back-off restarting failed container', { count: 12 }),
      ),
      [`${system}/pods/coredns-a/log?container=coredns&tailLines=40&limitBytes=65536`]:
        '{"msg":"token=hunter2"}\n',
      [`${system}/pods/coredns-b/log?container=coredns&tailLines=40&limitBytes=65536`]: 'starting\n',
      [`${system}/pods/coredns-b/log?container=coredns&tailLines=40&limitBytes=65536&previous=true`]:
        '[FATAL] plugin/loop: Loop detected\n',
      '/api/v1/nodes/w-1': {
        metadata: { name: 'w-1' },
        status: {
          conditions: [
            {
              type: 'Ready',
              status: 'Unknown',
              reason: 'NodeStatusUnknown',
              message: 'Kubelet stopped posting node status.',
            },
          ],
        },
      },
    };
    api.answer = ({ path }) =>
      answers[path] === undefined ? undefined : { status: 200, body: answers[path] };
    const kube = await openKube(await api.connect(), api.credentials);
    const lines = await linesOf(coredns, kube);
    kube.close();
    expect(lines).toEqual([
      'both Pods that are not ready are on w-1',
      'Deployment kube-system/coredns: 2 of 3 Pods are not ready',
      'Node w-1: Ready is Unknown (NodeStatusUnknown): Kubelet stopped posting node status.',
      'Pod kube-system/coredns-a on w-1: Running, not ready, 5 restarts',
      '  container coredns: waiting, CrashLoopBackOff: back-off 2m40s restarting failed container; last run: exit code 1 (Error)',
      '  Warning BackOff, 12 times, last at 2026-07-25T10:00:00Z: Back-off restarting failed container',
      '  last log lines of coredns:',
      '    {"msg":"token=(not shown)"}',
      'Pod kube-system/coredns-b on w-1: Running, not ready, 6 restarts',
      '  container coredns: running, not ready; last run: exit code 2 (Error)',
      '  its events could not be read: the API answered 404: /api/v1/namespaces/kube-system/events not found',
      '  last log lines of coredns:',
      '    starting',
      '  last log lines of the previous run of coredns:',
      '    [FATAL] plugin/loop: Loop detected',
    ]);
    expect(api.requests.every(({ method }) => method === 'GET')).toBe(true);
  });
});

describe('a workload', () => {
  it('whose logs the API cannot get from the node: they are read from the host, also of the previous run', async () => {
    const host = fakeHost('w-1', {
      containers: {
        'coredns-a_kube-system_coredns-1f.log': '2026-07-25T10:00:00Z stderr F first run\n',
        'coredns-a_kube-system_coredns-2f.log': '2026-07-25T10:00:00Z stderr F second run\n',
        'coredns-ab_kube-system_coredns-3f.log': 'another Pod\n',
      },
    });
    const kube = fakeKube({
      [deploymentPath]: deployment,
      [`${system}/pods`]: list(pod('coredns-a', { node: 'w-1', containers: [crashing('coredns')] })),
      [`${system}/events`]: list(),
      [`${system}/pods/coredns-a/log`]: new Error('dial tcp 10.0.0.21:10250: connect: connection refused'),
    });
    const lines = await linesOf(coredns, kube, { 'w-1': host });
    host.remove();
    expect(lines.slice(-5)).toEqual([
      '  the log of coredns could not be read through the API: dial tcp 10.0.0.21:10250: connect: connection refused',
      '  last log lines of coredns:',
      '    second run',
      '  last log lines of the previous run of coredns:',
      '    first run',
    ]);
  });

  it('with many Pods describes two, names six, and counts the others', async () => {
    const asked: string[] = [];
    const pods = Array.from({ length: 30 }, (_, i) =>
      pod(`coredns-${i}`, { node: `w-${i}`, containers: [crashing('coredns')] }),
    );
    const kube = fakeKube(
      { [deploymentPath]: deployment, [`${system}/pods`]: list(...pods), [`${system}/events`]: list() },
      asked,
    );
    const lines = await linesOf(coredns, kube);
    expect(lines.filter((line) => line.startsWith('Pod '))).toHaveLength(8);
    expect(lines.at(-1)).toBe('22 more Pods are not ready');
    expect(asked.filter((path) => path.includes('/log'))).toHaveLength(2);
    expect(asked.filter((path) => path.includes('/nodes/'))).toHaveLength(3);
  });

  it('with too few Pods also shows its own conditions', async () => {
    const wanting = { ...deployment, spec: { ...deployment.spec, replicas: 3 } };
    const answers = {
      [`${system}/pods`]: list(pod('a', { node: 'w-1' }), pod('b', { node: 'w-2' })),
      [`${system}/events`]: list(),
    };
    const line =
      'Deployment kube-system/coredns: Available is False (MinimumReplicasUnavailable): no minimum';
    expect(await linesOf(coredns, fakeKube({ ...answers, [deploymentPath]: wanting }))).toContain(line);
    expect(await linesOf(coredns, fakeKube({ ...answers, [deploymentPath]: deployment }))).not.toContain(
      line,
    );
  });

  it('whose Pods have invalid names: they are not used in requests', async () => {
    const asked: string[] = [];
    const host = fakeHost('w-1', {});
    const containers = [crashing('coredns')];
    const kube = fakeKube(
      {
        [deploymentPath]: deployment,
        [`${system}/pods`]: list(
          pod('../../secrets', { node: 'w-1', containers, metadata: { namespace: '..', uid: 'u' } }),
          pod('a/b', { node: 'w-2', containers, metadata: { uid: 'x,y=z' } }),
        ),
      },
      asked,
    );
    await linesOf(coredns, kube, { 'w-1': host });
    host.remove();
    expect(asked.filter((path) => /\.\.|log|x%2C/.test(path))).toEqual([]);
    expect(host.scripts).toEqual([]);
  });

  it('without Pods shows why its controller created none', async () => {
    const refused = {
      ...deployment,
      status: {
        observedGeneration: 1,
        conditions: [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'forbidden: quota' },
        ],
      },
    };
    const kube = fakeKube({
      [deploymentPath]: refused,
      [`${system}/pods`]: list(),
      [`${system}/events`]: list(event('Warning', 'FailedCreate', 'pods "coredns-" is forbidden')),
    });
    expect(await linesOf(coredns, kube)).toEqual([
      'Deployment kube-system/coredns has no Pods',
      'Deployment kube-system/coredns: ReplicaFailure is True (FailedCreate): forbidden: quota',
      'Warning FailedCreate, at 2026-07-25T10:00:00Z: pods "coredns-" is forbidden',
    ]);
  });

  it('that no controller has observed leads to kube-controller-manager', async () => {
    const kube = fakeKube({
      [deploymentPath]: { ...deployment, status: {} },
      [`${system}/pods?labelSelector=k8s-app%3Dkube-dns&limit=500`]: list(),
      [`${system}/pods?labelSelector=component%3Dkube-controller-manager&limit=500`]: list(
        pod('kube-controller-manager-cp-1', {
          node: 'cp-1',
          containers: [crashing('kube-controller-manager')],
        }),
      ),
      [`${system}/events`]: list(),
    });
    const lines = await linesOf(coredns, kube);
    expect(lines).toContain(
      'its controller has not observed the latest generation of Deployment kube-system/coredns',
    );
    expect(lines).toContain(
      'Pod kube-system/kube-controller-manager-cp-1 on cp-1: Running, not ready, 5 restarts',
    );
  });

  it('whose Pods the scheduler ignores leads to kube-scheduler', async () => {
    const kube = fakeKube({
      [deploymentPath]: deployment,
      [`${system}/pods?labelSelector=k8s-app%3Dkube-dns&limit=500`]: list(
        pod('coredns-a', { phase: 'Pending' }),
      ),
      [`${system}/pods?labelSelector=component%3Dkube-scheduler&limit=500`]: list(),
      [`${system}/events`]: list(),
    });
    expect(await linesOf(coredns, kube)).toContain('there are no kube-scheduler Pods');
  });

  it('that is a DaemonSet names the required nodes without a Pod', async () => {
    const kube = fakeKube({
      [daemonSetPath]: {
        kind: 'DaemonSet',
        metadata: { name: 'kube-proxy' },
        status: { desiredNumberScheduled: 3 },
      },
      [`${system}/pods`]: list(pod('kube-proxy-a', { node: 'w-1', ready: true })),
    });
    expect(await linesOf({ ...kubeProxy, nodes: ['w-1', 'w-2', 'w-3'] }, kube)).toEqual([
      'all Pods of DaemonSet kube-system/kube-proxy are ready',
      'it has no Pod on w-2 and w-3',
    ]);
  });

  it('that does not exist, and one that the API refuses to return', async () => {
    expect(await linesOf(coredns, fakeKube({}))).toEqual(['Deployment kube-system/coredns does not exist']);
    const refusing: KubeClient = {
      request: () => Promise.resolve({ status: 403, body: { message: 'forbidden' } }),
      close: () => undefined,
    };
    expect(await linesOf(coredns, refusing)).toEqual([
      'Deployment kube-system/coredns could not be read: the API answered 403: forbidden',
    ]);
  });

  it('leads to the API servers if the API does not respond', async () => {
    const host = fakeHost('cp-1', {
      containers: { 'kube-apiserver-cp-1_kube-system_kube-apiserver-1f.log': 'cannot reach etcd\n' },
      units: { kubelet: { show: failing } },
    });
    const access = {
      connections: new Map([['cp-1', host.connection]]),
      apiHosts: [{ host: 'cp-1' }],
      kube: () => Promise.reject(new Error('connection refused')),
    };
    const text = await diagnose(coredns, access);
    host.remove();
    expect(text.split('\n').slice(0, 3)).toEqual([
      'Deployment kube-system/coredns could not be read: connection refused',
      'last lines of container kube-apiserver on cp-1:',
      '    cannot reach etcd',
    ]);
  });
});
