import { expect, it } from 'vitest';
import { fingerprints, outdated } from '../../src/kube/published-cas.ts';

it('a copy is outdated that lacks a CA, or has one that it must not', () => {
  const published = new Map([
    ['ConfigMap a/x', ['A', 'B']],
    ['ConfigMap b/x', ['A']],
    ['ConfigMap c/x', ['B', 'OTHERS']],
    ['ConfigMap d/x', []],
  ]);
  const want = (holds: readonly string[], lacks: readonly string[]): readonly string[] =>
    outdated(published, { copy: 'kube-root-ca.crt', holds, lacks }).map((title) => title[10] ?? '');
  expect(want(['A', 'B'], [])).toEqual(['b', 'c', 'd']);
  expect(want(['B'], ['A'])).toEqual(['a', 'b', 'd']);
});

it('text that is not a certificate has no fingerprint', () => {
  expect(fingerprints('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')).toEqual([]);
  expect(fingerprints(undefined)).toEqual([]);
});
