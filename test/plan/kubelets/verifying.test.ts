import { describe, expect, it } from 'vitest';
import { profileSettings } from '../../../src/inventory/security-profiles.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import { hasIssuedServing, verifiesKubelets } from '../../../src/model/kubelet-serving.ts';
import { certificatesFor } from '../../../src/pki/certlist.ts';
import { decideVerifying } from '../../../src/plan/kubelets/verifying.ts';
import { good } from '../../samples/inspection.ts';
import { haCluster } from '../world.ts';

const baseline: Cluster = {
  ...haCluster,
  security: { profile: 'baseline', ...profileSettings.baseline },
};
const scope = { until: 'addon', limit: [], ignore: [] } as const;

/** Every host as it was read; `verifying` API servers verify kubelets already, the others of `standing` do not. */
function seen(standing: readonly string[], verifying: readonly string[] = []): Map<string, Inspection> {
  return new Map(
    haCluster.hosts.map((host) => [
      host.name,
      {
        ...good(host),
        ...(standing.includes(host.name) && { manifests: ['kube-apiserver.yaml'] }),
        ...(verifying.includes(host.name) && { verifiesKubelets: true as const }),
      },
    ]),
  );
}

const decided = (
  cluster: Cluster,
  inspections: ReadonlyMap<string, Inspection>,
  upgrades = false,
): { readonly first: object; readonly last: object; readonly isHeld: boolean } => {
  const { first, last, isHeld } = decideVerifying({ cluster, scope, inspections, upgrades });
  return { first: Object.fromEntries(first), last: Object.fromEntries(last), isHeld };
};
const all = (value: boolean): object => ({ 'cp-1': value, 'cp-2': value, 'cp-3': value });
const planes = ['cp-1', 'cp-2', 'cp-3'];

describe('API servers verify kubelets', () => {
  it('from the start in a new cluster', () => {
    expect(decided(baseline, seen([]))).toEqual({ first: all(true), last: all(true), isHeld: false });
  });

  it('in a cluster that runs, once every kubelet has its certificate; then nothing changes', () => {
    expect(decided(baseline, seen(planes))).toEqual({ first: all(false), last: all(true), isHeld: false });
    const settled = { first: all(true), last: all(true), isHeld: false };
    expect(decided(baseline, seen(planes, planes))).toEqual(settled);
  });

  it('no longer, at once, if the inventory says so', () => {
    const gone = { first: all(false), last: all(false), isHeld: false };
    expect(decided(haCluster, seen(planes, planes))).toEqual(gone);
  });

  it('not before a host that was not read has its certificate, and not during an upgrade', () => {
    const held = { first: all(false), last: all(false), isHeld: true };
    const without = seen(planes);
    without.delete('w-1');
    expect(decided(baseline, without)).toEqual(held);
    expect(decided(baseline, seen(planes), true)).toEqual(held);
  });
});

describe('the certificate that a kubelet serves', () => {
  const [, , , worker] = baseline.hosts;
  const issued = (cluster: Cluster): readonly string[] =>
    certificatesFor(cluster).flatMap(({ id, path }) => (id === 'kubelet-server' ? [path] : []));

  it('is issued for every node, with its name and addresses', () => {
    expect(issued(baseline)).toEqual(
      ['cp-1', 'cp-2', 'cp-3', 'w-1'].map((name) => `hosts/${name}/kubelet-server`),
    );
    expect(certificatesFor(baseline).find(({ path }) => path === 'hosts/w-1/kubelet-server')).toMatchObject({
      commonName: 'system:node:w-1',
      sans: { dns: ['w-1'], ips: ['10.0.0.21'] },
      usages: ['serverAuth'],
    });
    expect(issued(haCluster)).toEqual([]);
  });

  it('is not, where the operator has one, or requests it from the cluster', () => {
    const own = { ...baseline, kubelet: { config: { tlsCertFile: '/etc/own.crt' } } };
    const requested = { ...baseline, kubelet: { config: { serverTLSBootstrap: true } } };
    expect([issued(own), issued(requested)]).toEqual([[], []]);
    expect([verifiesKubelets(own), verifiesKubelets(requested)]).toEqual([false, true]);
    expect(worker && hasIssuedServing(baseline, worker)).toBe(true);
  });
});
