import { describe, expect, it } from 'vitest';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import { versionChange, versionsOf, type ClusterVersions } from '../../../src/plan/upgrade/versions.ts';
import { good } from '../../samples/inspection.ts';
import { haCluster } from '../world.ts';

const api: ClusterObservation = {
  state: 'present',
  objects: new Map(),
  pods: new Map(),
  nodes: new Map(
    Object.entries({ 'cp-1': 'v1.35.6', 'w-1': 'v1.35.6+vendor.1', 'w-9': 'v1.30.0' }).map(
      ([name, kubeletVersion]) => [
        name,
        { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { nodeInfo: { kubeletVersion } } },
      ],
    ),
  ),
};

describe('versionsOf', () => {
  const hosts = new Map(
    haCluster.hosts.map((host) => [
      host.name,
      {
        host: host.name,
        observations: new Map<string, never>(),
        inspection: {
          ...good(host),
          podVersions: host.roles.includes('control-plane')
            ? {
                etcd: '3.6.8-0',
                'kube-apiserver': 'v1.36.2',
                'kube-controller-manager': 'v1.35.6',
                'kube-scheduler': 'v1.36.2',
              }
            : {},
        },
      },
    ]),
  );
  const versions = versionsOf(haCluster, { hosts, served: new Map([['cp-1', 'v1.35.6']]), api });

  it('takes what an API server serves, and what its manifest states only where it does not answer', () => {
    expect(Object.fromEntries(versions.apiServers)).toEqual({
      'cp-1': 'v1.35.6',
      'cp-2': 'v1.36.2',
      'cp-3': 'v1.36.2',
    });
    expect([...versions.serving]).toEqual(['cp-1']);
  });

  it('takes the older and the newer one of the controllers', () => {
    expect(versions.controllers.get('cp-1')).toEqual({ oldest: 'v1.35.6', newest: 'v1.36.2' });
  });

  it('takes the kubelets of the inventory, without the suffix of a vendor', () => {
    expect(Object.fromEntries(versions.kubelets)).toEqual({ 'cp-1': 'v1.35.6', 'w-1': 'v1.35.6' });
  });
});

describe('versionChange', () => {
  const all = (apiServer: string, kubelet: string, controller = apiServer): ClusterVersions => ({
    apiServers: new Map([['cp-1', apiServer]]),
    serving: new Set(['cp-1']),
    controllers: new Map([['cp-1', { oldest: controller, newest: controller }]]),
    kubelets: new Map([['w-1', kubelet]]),
  });
  it.each<[string, ClusterVersions, string, ReturnType<typeof versionChange>]>([
    ['nothing differs', all('v1.36.2', 'v1.36.2'), 'v1.36.2', undefined],
    ['a minor up', all('v1.35.6', 'v1.35.6'), 'v1.36.2', { from: 'v1.35.6', to: 'v1.36.2', direction: 'up' }],
    [
      'only a kubelet is behind',
      all('v1.36.2', 'v1.34.9'),
      'v1.36.2',
      { from: 'v1.34.9', to: 'v1.36.2', direction: 'up' },
    ],
    [
      'only a controller is behind',
      all('v1.36.2', 'v1.36.2', 'v1.36.1'),
      'v1.36.2',
      { from: 'v1.36.1', to: 'v1.36.2', direction: 'up' },
    ],
    [
      'something is newer',
      all('v1.36.2', 'v1.35.6'),
      'v1.35.6',
      { from: 'v1.36.2', to: 'v1.35.6', direction: 'down' },
    ],
    [
      'patches are compared as numbers',
      all('v1.35.9', 'v1.35.9'),
      'v1.35.10',
      { from: 'v1.35.9', to: 'v1.35.10', direction: 'up' },
    ],
  ])('%s', (_what, versions, to, change) => {
    expect(versionChange(versions, to)).toEqual(change);
  });
  it('is unknown of a cluster that is not there', () => {
    const none = {
      apiServers: new Map(),
      serving: new Set<string>(),
      controllers: new Map(),
      kubelets: new Map(),
    };
    expect(versionChange(none, 'v1.36.2')).toBeUndefined();
  });
});
