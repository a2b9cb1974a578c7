import { describe, expect, it } from 'vitest';
import { refKey } from '../../../src/kube/scopes.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { DryRun } from '../../../src/observe/addons.ts';
import { addonFindings } from '../../../src/plan/preflight/addons.ts';
import { appliedAddons, desiredAddons, objectOf, widgets } from '../../samples/addons.ts';
import { sampleCluster } from '../../samples/pki.ts';

const refused: DryRun = { refused: 'a dry run: the API answered 422: immutable', isInvalid: true };

function checksOf(objects: readonly KubeObject[], dryRuns: Readonly<Record<number, DryRun>>): string[] {
  const addons = desiredAddons({ a: objects });
  const asked = Object.entries(dryRuns).map(
    ([index, dry]) => [refKey(addons[0]?.objects[Number(index)] as KubeObject), dry] as const,
  );
  const seen = appliedAddons(addons, { dryRuns: new Map(asked) });
  return addonFindings(sampleCluster(), addons, seen).map(({ check, message }) => `${check}: ${message}`);
}

describe('addonFindings', () => {
  const claim = objectOf('apps/v1', 'StatefulSet', 's');
  const widget = objectOf('example.com/v1', 'Widget', 'w');

  it('names an object that the API refuses', () => {
    expect(checksOf([claim], { 0: refused })).toEqual([
      'AddonObject: StatefulSet default/s of add-on a: a dry run: the API answered 422: immutable',
    ]);
  });

  it('not one that may be accepted later, nor one whose CRD changes first', () => {
    expect(checksOf([claim], { 0: { refused: 'no webhook', isInvalid: false } })).toEqual([]);
    expect(checksOf([widgets, widget], { 1: refused })).toHaveLength(1);
    expect(checksOf([widgets, widget], { 0: { result: widgets }, 1: refused })).toEqual([]);
  });

  it('nothing while the API is not read', () => {
    expect(addonFindings(sampleCluster(), desiredAddons({ a: [claim] }), { state: 'absent' })).toEqual([]);
  });
});
