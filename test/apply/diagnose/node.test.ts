import { afterEach, describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/apply/diagnose/index.ts';
import { nodeLines } from '../../../src/apply/diagnose/node.ts';
import type { Condition } from '../../../src/plan/types.ts';
import { failing, fakeHost, running, type FakeHost, type HostFiles } from './fake-host.ts';
import { crashing, fakeKube, list, pod } from '../../samples/diagnose.ts';

let host: FakeHost | undefined;
afterEach(() => host?.remove());

async function linesOf(
  condition: Condition,
  answers: Readonly<Record<string, unknown>>,
  files: HostFiles,
): Promise<string[]> {
  host = fakeHost('w-1', files);
  const kube = fakeKube(answers);
  const connections = new Map([['w-1', host.connection]]);
  return (await diagnose(condition, { connections, kube: () => Promise.resolve(kube) })).split('\n');
}

const ready = { kind: 'node-ready', node: 'w-1' } as const;
const units = {
  kubelet: { show: running, journal: 'cni plugin not initialized\n' },
  containerd: { show: running, journal: 'not shown\n' },
};
const notReady = {
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'disk full' },
      { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'cni plugin not initialized' },
    ],
  },
};

describe('a Node that is not Ready', () => {
  it('has its bad conditions, failing Pods of its network, and the last lines of the kubelet', async () => {
    const onHost = { node: 'w-1', spec: { hostNetwork: true, nodeName: 'w-1' } };
    const answers = {
      '/api/v1/nodes/w-1': notReady,
      '/api/v1/pods?fieldSelector=spec.nodeName%3Dw-1&limit=500': list(
        pod('flannel', { ...onHost, containers: [crashing('flannel')] }),
        pod('proxy', { ...onHost, ready: true }),
        pod('of-a-user', { node: 'w-1', containers: [crashing('app')] }),
      ),
      '/api/v1/namespaces/kube-system/events': list(),
      '/api/v1/namespaces/kube-system/pods/flannel/log': 'no subnet\n',
    };
    expect(await linesOf(ready, answers, { units })).toEqual([
      'Node w-1: DiskPressure is True (KubeletHasDiskPressure): disk full',
      'Node w-1: Ready is False (KubeletNotReady): cni plugin not initialized',
      'Pod kube-system/flannel on w-1: Running, not ready, 5 restarts',
      '  container flannel: waiting, CrashLoopBackOff: back-off 2m40s restarting failed container; last run: exit code 1 (Error)',
      '  last log lines of flannel:',
      '    no subnet',
      'kubelet.service on w-1: active (running); last lines:',
      '    cni plugin not initialized',
    ]);
  });

  it('reports a containerd that does not run before the kubelet, which depends on it', async () => {
    const down = { ...units, containerd: { show: failing, journal: 'bad config\n' } };
    const answers = { '/api/v1/nodes/w-1': notReady, '/api/v1/pods': list() };
    expect((await linesOf(ready, answers, { units: down })).slice(2, 4)).toEqual([
      'containerd.service on w-1: activating (auto-restart), result exit-code, status 1, 12 restarts; last lines:',
      '    bad config',
    ]);
  });
});

describe('a Node that is not registered', () => {
  const registered = { kind: 'node-registered', node: 'w-1' } as const;
  it('is reported, with the last lines of the kubelet', async () => {
    expect(await linesOf(registered, {}, { units })).toEqual([
      'the API has no Node w-1',
      'kubelet.service on w-1: active (running); last lines:',
      '    cni plugin not initialized',
    ]);
  });

  it('reports that the API does not respond, and the state of the host', async () => {
    const lines = await linesOf(registered, { '/api/v1/nodes/w-1': new Error('refused') }, { units });
    expect(lines.slice(0, 2)).toEqual([
      'Node w-1 could not be read: refused',
      'kubelet.service on w-1: active (running); last lines:',
    ]);
  });
});

it('a kubelet that does not respond: its state and last lines, and containerd if it does not run', async () => {
  const condition = { kind: 'kubelet', host: 'w-1', port: 10248 } as const;
  expect(
    await linesOf(condition, {}, { units: { kubelet: { show: failing, journal: 'no such flag\n' } } }),
  ).toEqual([
    'containerd.service is not installed on w-1',
    'kubelet.service on w-1: activating (auto-restart), result exit-code, status 1, 12 restarts; last lines:',
    '    no such flag',
  ]);
});

it('a Node without conditions, one that is cordoned, and one that is healthy', () => {
  expect(nodeLines('w-1', { spec: { unschedulable: true } })).toEqual([
    'Node w-1 has no condition Ready yet: its kubelet has not reported',
    'Node w-1 is cordoned',
  ]);
  const conditions = [
    { type: 'Ready', status: 'True' },
    { type: 'PIDPressure', status: 'False' },
  ];
  expect(nodeLines('w-1', { status: { conditions } })).toEqual([]);
});
