import { describe, expect, it } from 'vitest';
import { leftOver, ownLabels, withClaimed, type Unique } from '../../src/kube/owned.ts';
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

describe('withClaimed', () => {
  const names: Readonly<Record<number, string>> = { 53: 'dns', 80: 'http', 81: 'http', 90: 'other' };
  const item = (number: number): object => ({ name: names[number], port: number });
  const port = (number: number): object => ({ [`k:{"port":${number},"protocol":"TCP"}`]: { 'f:port': {} } });
  const service = (edited: object, more: object = {}): KubeObject => {
    const managedFields = [
      { manager: 'kubectl-edit', operation: 'Update', fieldsV1: edited, ...more },
      { manager: 'kboot', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:ports': port(53) } } },
    ];
    const metadata = { name: 'x', managedFields } as KubeObject['metadata'];
    return { ...want({ spec: { ports: [53, 80, 81, 90].map(item) } }), metadata };
  };
  const stated = want({ spec: { ports: [53, 80].map(item) } });
  const ports = (...numbers: readonly number[]): object => ({
    'f:spec': { 'f:ports': Object.assign({}, ...numbers.map(port)) as object },
  });
  const uniques = [{ list: 'spec.ports', field: 'name' }];

  it('takes items of others that have the name of one that is wanted, and nothing else of theirs', () => {
    const labels = { 'f:metadata': { 'f:labels': { 'f:team': {} } } };
    const live = service({ ...labels, ...ports(81, 80, 90) });
    expect(withClaimed(live, stated, uniques)).toEqual([
      { manager: 'kubectl-edit', operation: 'Update', fieldsV1: { ...labels, ...ports(80, 90) } },
      { manager: 'kboot', operation: 'Apply', fieldsV1: ports(53, 81) },
    ]);
  });

  it('leaves no manager that owns nothing', () => {
    expect(withClaimed(service(ports(81)), stated, uniques)).toEqual([
      { manager: 'kboot', operation: 'Apply', fieldsV1: ports(53, 81) },
    ]);
  });

  it.each<[string, KubeObject, readonly Unique[]]>([
    ['another list', service(ports(81)), [{ list: 'spec.others', field: 'name' }]],
    ['another field', service(ports(81)), [{ list: 'spec.ports', field: 'nodePort' }]],
    ['items that are wanted', service(ports(80)), uniques],
    ['items of other names', service(ports(90)), uniques],
    ['what a subresource has', service(ports(81), { subresource: 'status' }), uniques],
    ['an object that kboot never applied', want({}), uniques],
  ])('leaves %s', (_what, live, of) => {
    expect(withClaimed(live, stated, of)).toBeUndefined();
  });
});
