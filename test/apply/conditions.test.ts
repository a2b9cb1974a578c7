import { expect, it } from 'vitest';
import { check } from '../../src/apply/conditions.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const waiting = (name: string, message?: string): object => ({
  name,
  state: { waiting: { reason: 'R', ...(message !== undefined && { message }) } },
});
const notReady = [{ type: 'Ready', status: 'False', message: 'containers with unready status: [etcd]' }];

it.each([
  [{ conditions: [{ type: 'Ready', status: 'True' }] }, undefined],
  [{ conditions: notReady }, 'containers with unready status: [etcd]'],
  [{ conditions: notReady, containerStatuses: [waiting('etcd')] }, 'containers with unready status: [etcd]'],
  [
    {
      conditions: notReady,
      containerStatuses: [
        { name: 'side', state: { running: {} } },
        waiting('etcd', 'back-off 40s restarting failed container=etcd pod=etcd-cp-1_kube-system(9c1f)'),
      ],
    },
    'etcd: back-off 40s restarting failed container',
  ],
  [
    { conditions: notReady, initContainerStatuses: [waiting('install', 'Back-off pulling image "a/b:1"')] },
    'install: Back-off pulling image "a/b:1"',
  ],
])('of a Pod with the status %j returns: %s', async (status, seen) => {
  const kube = {
    request: () => Promise.resolve({ status: 200, body: { metadata: { name: 'etcd-cp-1' }, status } }),
  } as unknown as KubeClient;
  const condition = { kind: 'pod-ready', host: 'cp-1', namespace: 'kube-system', name: 'etcd-cp-1' } as const;
  expect(await check(kube, condition)).toBe(seen);
});
