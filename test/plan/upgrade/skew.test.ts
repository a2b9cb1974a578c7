import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import type { Finding } from '../../../src/plan/preflight/finding.ts';
import { skewFindings, type SkewInput } from '../../../src/plan/upgrade/skew.ts';
import { versionChange, type ClusterVersions } from '../../../src/plan/upgrade/versions.ts';
import { haCluster } from '../world.ts';

const released = ['v1.36.4', 'v1.36.2', 'v1.35.8', 'v1.35.6', 'v1.34.11', 'v1.34.9'];

function found(
  to: string,
  apiServers: readonly string[],
  kubelets: Readonly<Record<string, string>> = {},
  more: Partial<SkewInput> = {},
): readonly Finding[] {
  const versions: ClusterVersions = {
    apiServers: new Map(apiServers.map((version, index) => [`cp-${index + 1}`, version])),
    serving: new Set(),
    controllers: new Map(),
    kubelets: new Map(Object.entries(kubelets)),
  };
  const change = versionChange(versions, to);
  if (change === undefined) throw new Error('nothing changes');
  return skewFindings({
    ...{ cluster: haCluster, versions, change, released, failed: new Map(), joining: [] },
    scope: { until: 'addon', limit: [], ignore: [] },
    ...more,
  });
}

const same = (version: string): string[] => [version, version, version];

describe('skewFindings', () => {
  it.each<[string, string, readonly string[], Readonly<Record<string, string>>]>([
    ['a minor up', 'v1.36.2', same('v1.35.6'), { 'w-1': 'v1.35.6' }],
    ['a patch up', 'v1.36.4', same('v1.36.2'), { 'w-1': 'v1.36.2' }],
    ['a patch down', 'v1.36.2', same('v1.36.4'), { 'w-1': 'v1.36.4' }],
    ['an upgrade half-way', 'v1.36.2', ['v1.36.2', 'v1.35.6', 'v1.35.6'], { 'w-1': 'v1.35.6' }],
    [
      'back, while an API server still serves the former minor',
      'v1.35.6',
      ['v1.36.2', 'v1.35.6', 'v1.35.6'],
      { 'w-1': 'v1.35.6' },
    ],
    ['a worker that skips two minors', 'v1.36.2', same('v1.36.2'), { 'w-1': 'v1.33.0' }],
  ])('allows %s', (_what, to, apiServers, kubelets) => {
    expect(found(to, apiServers, kubelets)).toEqual([]);
  });

  it('refuses two minors at once, and says which version comes first', () => {
    const [finding, ...others] = found('v1.36.2', same('v1.34.9'));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ check: 'KubernetesVersion', level: 'error', host: 'cp-1' });
    expect(finding?.message).toContain('the API servers serve v1.34.9');
    expect(finding?.remedy).toContain('Set spec.kubernetesVersion to v1.35.8 first');
    expect(finding?.remedy).toContain('kboot up --through');
  });

  it('names the hosts where API servers differ', () => {
    const [finding] = found('v1.36.2', ['v1.34.9', 'v1.35.6', 'v1.35.6']);
    expect(finding?.message).toContain('v1.34.9 (cp-1) and v1.35.6 (cp-2, cp-3)');
  });

  it('refuses to go back once every API server serves the new minor', () => {
    const [finding] = found('v1.35.6', same('v1.36.2'));
    expect(finding?.message).toContain('Kubernetes does not go back to an older minor version');
    expect(finding?.remedy).toContain('Set spec.kubernetesVersion to v1.36.2');
    expect(finding?.remedy).toContain('snapshot');
  });

  it('refuses to go back with a kubelet of the new minor', () => {
    const list = found('v1.35.6', ['v1.36.2', 'v1.35.6'], { 'w-1': 'v1.36.2' });
    expect(list.map(({ host }) => host)).toEqual(['w-1']);
  });

  it('refuses a kubelet that would be more than three minors older', () => {
    const list = found('v1.36.2', same('v1.36.2'), { 'w-1': 'v1.32.0' });
    expect(list.map(({ host }) => host)).toEqual(['w-1']);
  });

  it('needs every control plane, all stages, and the control plane before its workers', () => {
    const failed = new Map([['cp-2', new KbootError('E-CONNECT', 'gone')]]);
    const of = (more: Partial<SkewInput>): string[] =>
      found('v1.36.2', same('v1.35.6'), {}, more).map(({ host }) => host);
    expect(of({ failed })).toEqual(['cp-2']);
    expect(of({ scope: { until: 'runtime', limit: [], ignore: [] } })).toEqual(['cp-1']);
    expect(of({ scope: { until: 'addon', limit: ['w-1'], ignore: [] } })).toEqual(['w-1']);
    expect(of({ scope: { until: 'addon', limit: ['cp-1', 'cp-2', 'cp-3', 'w-1'], ignore: [] } })).toEqual([]);
    expect(of({ joining: ['cp-4'] })).toEqual(['cp-4']);
  });
});
