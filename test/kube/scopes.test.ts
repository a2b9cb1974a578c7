import { describe, expect, it } from 'vitest';
import { isNamespaced, isOwnKind, refKey } from '../../src/kube/scopes.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const crd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' }, scope: 'Cluster' },
};

describe('scopes', () => {
  it.each([
    ['v1', 'ConfigMap', true],
    ['v1', 'Namespace', false],
    ['apps/v1', 'Deployment', true],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', false],
    ['rbac.authorization.k8s.io/v1', 'Role', true],
    ['networking.k8s.io/v1', 'Ingress', true],
    ['networking.k8s.io/v1', 'IngressClass', false],
    ['example.com/v1', 'Widget', false],
    ['example.com/v1', 'Gadget', undefined],
    // A group that looks like one of the API server's own.
    ['gateway.networking.k8s.io/v1', 'Gateway', undefined],
    ['serving.knative.dev/v1', 'Service', undefined],
  ])('%s %s', (apiVersion, kind, namespaced) => {
    expect(isNamespaced({ apiVersion, kind }, [crd])).toBe(namespaced);
    expect(isOwnKind({ apiVersion, kind })).toBe(namespaced !== undefined && kind !== 'Widget');
  });

  it('objects of two groups with one kind and name are two', () => {
    const metadata = { namespace: 'a', name: 'x' };
    const key = (apiVersion: string): string => refKey({ apiVersion, kind: 'Service', metadata });
    expect(key('v1')).not.toBe(key('serving.knative.dev/v1'));
    expect(key('serving.knative.dev/v1beta1')).toBe(key('serving.knative.dev/v1'));
  });
});
