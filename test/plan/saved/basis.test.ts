import { describe, expect, it } from 'vitest';
import {
  groundChanges,
  leaves,
  lostHosts,
  sightChanges,
  type Ground,
  type Sight,
} from '../../../src/plan/saved/basis.ts';

const ground: Ground = {
  kboot: '1.0.0',
  catalog: 'c',
  inventory: { 'hosts[w-1].labels.zone': '"a"' },
  templates: { 'a.hbs': '1' },
  bundle: {},
  state: { ca: 'sha256 1' },
};
const sight: Sight = {
  hosts: { 'cp-1': { 'file /a': 'mode 644' }, 'w-1': null },
  etcd: { 'member cp-1': '1, voter, healthy' },
  api: { 'ConfigMap x': 'sha256 1' },
};
const texts = (changes: ReturnType<typeof groundChanges>): string[] =>
  changes.map(({ where, what, was, now }) => `${where}: ${what}: ${was ?? '-'} > ${now ?? '-'}`);

describe('what changed since', () => {
  it('nothing did', () => {
    expect(groundChanges(ground, structuredClone(ground))).toEqual([]);
    expect(sightChanges(sight, structuredClone(sight))).toEqual([]);
  });

  it.each<[Partial<Ground>, string[]]>([
    [{ kboot: '1.0.1' }, ['kboot: version: 1.0.0 > 1.0.1']],
    [{ catalog: 'd' }, ['kboot: catalog: c > d']],
    [{ inventory: {} }, ['inventory: hosts[w-1].labels.zone: "a" > -']],
    [{ templates: { 'a.hbs': '2', 'b.hbs': '1' } }, ['template: a.hbs: 1 > 2', 'template: b.hbs: - > 1']],
    [{ bundle: { x: '1', y: '2' } }, ['bundle: the bundle: - > 2 files']],
    [{ state: { ca: 'to be issued' } }, ['state folder: ca: sha256 1 > to be issued']],
  ])('%j', (change, expected) => {
    expect(texts(groundChanges(ground, { ...ground, ...change }))).toEqual(expected);
  });

  it('names the file of a bundle', () => {
    const was = { ...ground, bundle: { x: '1', y: '2' } };
    expect(texts(groundChanges(was, { ...was, bundle: { x: '1', y: '3' } }))).toEqual(['bundle: y: 2 > 3']);
  });

  it.each<[Partial<Sight>, string[]]>([
    [{ hosts: { ...sight.hosts, 'cp-1': { 'file /a': 'absent' } } }, ['cp-1: file /a: mode 644 > absent']],
    [
      { hosts: { ...sight.hosts, 'w-1': { 'file /a': 'x' } } },
      ['w-1: the host: could not be read > answers'],
    ],
    [{ etcd: {} }, ['etcd: member cp-1: 1, voter, healthy > -']],
    [{ api: { API: 'unavailable' } }, ['API: ConfigMap x: sha256 1 > -', 'API: API: - > unavailable']],
  ])('%j', (change, expected) => {
    expect(texts(sightChanges(sight, { ...sight, ...change }))).toEqual(expected);
  });

  it('a host that cannot be read is lost, not changed', () => {
    const now = { ...sight, hosts: { 'cp-1': null, 'w-1': null } };
    expect(sightChanges(sight, now)).toEqual([]);
    expect(lostHosts(sight, now)).toEqual(['cp-1']);
  });
});

describe('leaves', () => {
  it('names fields by their paths', () => {
    expect(leaves({ a: { b: [1, 'x'] }, hosts: [{ name: 'w-1', taints: [], labels: {} }], c: null })).toEqual(
      {
        'a.b[0]': '1',
        'a.b[1]': '"x"',
        'hosts[w-1].name': '"w-1"',
        'hosts[w-1].taints': '[]',
        'hosts[w-1].labels': '{}',
        c: 'null',
      },
    );
  });
});
