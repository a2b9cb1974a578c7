import { describe, expect, it } from 'vitest';
import { leftOver, ownLabels } from '../../src/kube/owned.ts';
import type { KubeObject } from '../../src/kube/types.ts';

/** Managed fields that a v1.36 API server records for objects that kboot applied. */
function live(fieldsV1: object, more: object = {}): KubeObject {
  const managedFields = [
    { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:spec': { 'f:theirs': {} } } },
    { manager: 'kubectl', operation: 'Apply', fieldsV1: { 'f:data': { 'f:kubectl': {} } } },
    { manager: 'kboot', operation: 'Apply', fieldsV1, ...more },
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', managedFields } as KubeObject['metadata'],
  };
}
const want = (rest: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x' },
  ...rest,
});

describe('leftOver', () => {
  it.each<[string, object, object, string[]]>([
    ['all is still wanted', { 'f:data': { '.': {}, 'f:a': {} } }, { data: { a: '1' } }, []],
    ['a key that left', { 'f:data': { 'f:a': {}, 'f:b.c': {} } }, { data: { a: '1' } }, ['data.b.c']],
    ['a whole part that left', { 'f:data': { 'f:a': {} } }, {}, ['data']],
    [
      'a label and an annotation',
      { 'f:metadata': { 'f:labels': { 'f:app': {}, 'f:old': {} }, 'f:annotations': { 'f:note': {} } } },
      { metadata: { name: 'x', labels: { app: 'x' }, annotations: {} } },
      ['metadata.labels.old', 'metadata.annotations.note'],
    ],
    [
      'items of a list by their key',
      {
        'f:env': {
          'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
          'k:{"name":"B"}': { '.': {} },
        },
      },
      { env: [{ name: 'A', value: '' }] },
      ['env[B]'],
    ],
    [
      'a key with the default of the API',
      { 'f:ports': { 'k:{"containerPort":53,"protocol":"TCP"}': { 'f:containerPort': {} } } },
      { ports: [{ containerPort: 53 }] },
      [],
    ],
    [
      'another protocol',
      { 'f:ports': { 'k:{"port":53,"protocol":"UDP"}': {} } },
      { ports: [{ port: 53, protocol: 'TCP' }] },
      ['ports[53 UDP]'],
    ],
    [
      'members of a set',
      { 'f:finalizers': { 'v:"a"': {}, 'v:"b"': {} } },
      { finalizers: ['a'] },
      ['finalizers["b"]'],
    ],
    [
      'values that are null or empty are stated',
      { 'f:a': {}, 'f:b': { 'f:c': {} } },
      { a: null, b: { c: '' } },
      [],
    ],
  ])('%s', (_title, fields, rest, paths) => {
    expect(leftOver(want(rest), live(fields))).toEqual(paths);
  });

  it('ignores fields that others own, that were not applied, and of the status', () => {
    const fields = { 'f:data': { 'f:a': {} } };
    expect(leftOver(want({}), live({}))).toEqual([]);
    expect(leftOver(want({}), live(fields, { operation: 'Update' }))).toEqual([]);
    expect(leftOver(want({}), live(fields, { subresource: 'status' }))).toEqual([]);
    expect(leftOver(want({}), { ...want({}), data: { a: '1' } })).toEqual([]);
  });
});

describe('ownLabels', () => {
  it('are the labels of kboot, however they were set', () => {
    const fields = { 'f:metadata': { 'f:labels': { '.': {}, 'f:zone': {} } } };
    expect(ownLabels(live(fields, { operation: 'Update' }))).toEqual(['zone']);
    expect(ownLabels(live({}))).toEqual([]);
  });
});
