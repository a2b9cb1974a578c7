import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences } from '../../src/kube/differences.ts';

describe('differences', () => {
  it.each<[string, unknown, unknown, string[]]>([
    [
      'what is wanted is there',
      { a: 1, b: { c: 'x' } },
      { a: 1, b: { c: 'x', d: 'default' }, status: {} },
      [],
    ],
    ['another value', { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, ['a.b[0].c']],
    ['a missing field', { a: { b: 'x' } }, { a: {} }, ['a.b']],
    ['a missing object', { a: { b: 'x' } }, {}, ['a']],
    ['a list of another length', { a: [1] }, { a: [1, 2] }, ['a']],
    ['a list that is none', { a: [1] }, { a: '1' }, ['a']],
    ['another order', { a: [1, 2] }, { a: [2, 1] }, ['a[0]', 'a[1]']],
    ['empty values that the API leaves out', { a: '', b: null, c: false, d: 0, e: [], f: {} }, {}, []],
    [
      'empty values that are not empty there',
      { a: '', b: [], c: 0 },
      { a: 'x', b: [1], c: 1 },
      ['a', 'b', 'c'],
    ],
    ['a number in place of its text', { port: '53' }, { port: 53 }, ['port']],
    ['something in place of nothing', { a: 'x' }, { a: null }, ['a']],
    ['several at once', { a: 1, b: 2, c: 3 }, { a: 0, b: 2 }, ['a', 'c']],
  ])('%s', (_title, want, live, paths) => {
    expect(differences(want, live)).toEqual(paths);
  });

  it('nothing differs from itself, whatever the API adds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (want, extra) => {
        expect(differences(want, want)).toEqual([]);
        expect(differences(want, { 'zz-added': extra, ...want })).toEqual([]);
      }),
    );
  });
});
