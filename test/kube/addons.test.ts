import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addonRecordObject,
  readAddonRecord,
  recorded,
  sameObjects,
  type AddonRecord,
} from '../../src/kube/addons.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const record: fc.Arbitrary<AddonRecord> = fc.record({
  name,
  after: fc.array(name),
  prune: fc.constantFrom('except-data', 'all'),
  objects: fc.uniqueArray(
    fc
      .record({
        kind: fc.constantFrom('ConfigMap', 'Widget'),
        name,
        namespace: fc.option(name, { nil: undefined }),
      })
      .map(({ kind, namespace, name: own }) => ({
        apiVersion: kind === 'Widget' ? 'example.com/v1' : 'v1',
        kind,
        metadata: { name: own, ...(namespace !== undefined && { namespace }) },
      })),
    { selector: (each) => JSON.stringify(each) },
  ),
});

describe('the record of an add-on', () => {
  it('is read as it was written, in whatever order its objects are', () => {
    fc.assert(
      fc.property(record, (stated) => {
        const object = addonRecordObject(stated);
        const read = readAddonRecord(object);
        expect(read).toEqual({ ...stated, objects: expect.arrayContaining([...stated.objects]) as unknown });
        expect(read?.objects).toHaveLength(stated.objects.length);
        const turned = { ...stated, objects: stated.objects.toReversed() };
        expect(addonRecordObject(turned)).toEqual(object);
        expect(sameObjects(turned.objects, stated.objects)).toBe(true);
      }),
    );
  });

  it('a ConfigMap that somebody else labelled is none', () => {
    const object = addonRecordObject({ name: 'a', after: [], prune: 'all', objects: [] });
    expect(readAddonRecord({ ...object, metadata: { ...object.metadata, name: 'other' } })).toBeUndefined();
    expect(readAddonRecord({ ...object, metadata: { ...object.metadata, labels: {} } })).toBeUndefined();
    expect(readAddonRecord({ ...object, data: {} })).toBeUndefined();
  });

  it('leaves out lines that it cannot read, and keeps data unless it is told otherwise', () => {
    const object = addonRecordObject({ name: 'a', after: [], prune: 'all', objects: [] });
    const good = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } };
    const lines = ['{', '[]', '{"kind":"Pod"}', JSON.stringify(good)];
    expect(readAddonRecord({ ...object, data: { settings: '{', objects: lines.join('\n') } })).toEqual({
      ...{ name: 'a', after: [], prune: 'except-data', objects: [good] },
    });
  });

  it('has the digest of a Job, which its time to live may remove', () => {
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', labels: { a: 'b' } } };
    expect(recorded(object).digest).toMatch(/^[0-9a-f]{16}$/);
    expect(recorded({ ...object, spec: {} }).digest).not.toBe(recorded(object).digest);
    expect(recorded({ ...object, apiVersion: 'v1', kind: 'Pod' })).toEqual({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
    });
  });
});
