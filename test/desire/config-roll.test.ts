import { expect, it } from 'vitest';
import { rolledByConfig } from '../../src/desire/config-roll.ts';
import type { KubeObject } from '../../src/kube/types.ts';

const config = (data: object, name = 'conf', namespace = 'ns'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const workload = (kind: string, ...volumes: object[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'x', namespace: 'ns' },
  spec: { template: { metadata: { labels: { a: 'b' } }, spec: { volumes } } },
});
const templateOf = (objects: readonly KubeObject[]): unknown =>
  (objects.at(-1)?.['spec'] as { template: { metadata: unknown } }).template.metadata;

it.each(['DaemonSet', 'Deployment'])('a %s has the digest of the ConfigMaps that its Pods mount', (kind) => {
  const mounted = workload(kind, { name: 'v', configMap: { name: 'conf' } });
  const [one, two] = [{ a: '1' }, { a: '2' }].map((data) =>
    templateOf(rolledByConfig([config(data), mounted])),
  );
  expect(one).toMatchObject({
    labels: { a: 'b' },
    annotations: { 'kboot.dev/config-hash': expect.any(String) as string },
  });
  expect(two).not.toEqual(one);
  expect(templateOf(rolledByConfig([config({ a: '1' }), config({}, 'other'), mounted]))).toEqual(one);
});

it('does not touch what mounts none of these ConfigMaps', () => {
  const objects = [
    config({ a: '1' }, 'conf', 'elsewhere'),
    workload('DaemonSet', { configMap: { name: 'conf' } }),
  ];
  expect(rolledByConfig(objects)).toEqual(objects);
  const job = [config({ a: '1' }), workload('Job', { configMap: { name: 'conf' } })];
  expect(rolledByConfig(job)).toEqual(job);
});
