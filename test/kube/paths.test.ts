import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { objectPath } from '../../src/kube/paths.ts';
import { objectTitle } from '../../src/kube/types.ts';

const path = (apiVersion: string, kind: string, name: string, namespace?: string): string =>
  objectPath({ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } });

describe('objectPath', () => {
  it("is the API's own", () => {
    expect(path('v1', 'ConfigMap', 'coredns', 'kube-system')).toBe(
      '/api/v1/namespaces/kube-system/configmaps/coredns',
    );
    expect(path('apps/v1', 'DaemonSet', 'kube-proxy', 'kube-system')).toBe(
      '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy',
    );
    expect(path('v1', 'Node', 'cp-1')).toBe('/api/v1/nodes/cp-1');
    expect(path('v1', 'Service', 'x')).toBe('/api/v1/namespaces/default/services/x');
    expect(path('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:coredns')).toBe(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Acoredns',
    );
  });

  it('has no path for an unknown kind', () => {
    expect(() => path('v1', 'Frobnicator', 'x')).toThrow(
      expect.objectContaining({ code: 'E-KUBE-API' }) as Error,
    );
    expect(readFileSync(new URL('../../src/kube/paths.ts', import.meta.url), 'utf8')).not.toContain(
      'Frobnicator',
    );
  });
});

describe('objectTitle', () => {
  it('names kind, namespace and name', () => {
    expect(objectTitle({ kind: 'Node', metadata: { name: 'a' } })).toBe('Node a');
    expect(objectTitle({ kind: 'Pod', metadata: { name: 'a', namespace: 'b' } })).toBe('Pod b/a');
  });
});
