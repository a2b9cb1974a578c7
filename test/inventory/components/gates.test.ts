import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentCatalog } from '../../../src/catalog/components.ts';
import { gateProblems } from '../../../src/inventory/components/gates.ts';
import { isOneEditApart, oneEdit } from './edits.ts';

const gates = componentCatalog.gates();
const messages = (name: string, value: boolean | undefined, minor = 36): string[] =>
  gateProblems(name, value, { path: ['gate'], minor, gates, isIgnored: false }).map(
    ({ severity, message }) => `${severity}: ${message}`,
  );
const known = (minor: number): string[] => [
  ...gates.plain,
  ...Object.entries(gates.gates).flatMap(([name, { since = 0, until = 99 }]) =>
    since <= minor && minor <= until ? [name] : [],
  ),
];

describe('gateProblems', () => {
  it.each([33, 34, 35, 36])('has no error for a gate of v1.%i that is set to what it may be', (minor) => {
    const names = known(minor);
    expect(names.length).toBeGreaterThan(180);
    for (const name of names) {
      const { locked, lockedSince = 99 } = gates.gates[name] ?? {};
      const value = lockedSince <= minor ? locked : true;
      expect(messages(name, value, minor).filter((text) => text.startsWith('error'))).toEqual([]);
    }
  });

  it('finds every gate that is wrong by one character', () => {
    const names = known(36);
    for (const name of names) {
      fc.assert(
        fc.property(oneEdit(name), (wrong) => {
          if (names.includes(wrong) || gates.removed.includes(wrong) || wrong in gates.gates) return;
          const [found, ...more] = messages(wrong, true);
          expect(more).toEqual([]);
          const suggestion = /did you mean "(.*)"\?$/.exec(found ?? '')?.[1] ?? '';
          expect(names).toContain(suggestion);
          if (suggestion !== name) expect(isOneEditApart(wrong, suggestion)).toBe(true);
        }),
        { numRuns: 1 },
      );
    }
  });

  it.each<[name: string, value: boolean, minor: number, found: string | undefined]>([
    [
      'NodeSwapp',
      true,
      36,
      'error: Kubernetes v1.36 has no feature gate "NodeSwapp"; did you mean "NodeSwap"?',
    ],
    [
      'APIServerTracing',
      false,
      36,
      'error: feature gate APIServerTracing is locked to true in Kubernetes v1.36 and cannot be false; remove it',
    ],
    ['APIServerTracing', true, 36, undefined],
    ['APIServerTracing', false, 33, undefined],
    [
      'AllowDNSOnlyNodeCSR',
      true,
      36,
      'warning: feature gate AllowDNSOnlyNodeCSR is deprecated, and a later version of Kubernetes removes it',
    ],
    [
      'AllowServiceExternalIPs',
      true,
      35,
      'error: feature gate AllowServiceExternalIPs needs Kubernetes v1.36 or newer, not v1.35; remove it, or raise spec.kubernetesVersion',
    ],
    [
      'EphemeralContainers',
      true,
      36,
      'error: feature gate EphemeralContainers was removed before Kubernetes v1.33; remove it',
    ],
    ['AllAlpha', true, 36, undefined],
  ])('%s=%s in v1.%i', (name, value, minor, found) => {
    expect(messages(name, value, minor)).toEqual(found === undefined ? [] : [found]);
  });

  it('knows when a gate was removed', () => {
    const [name, { until = 0 } = {}] =
      Object.entries(gates.gates).find(([, facts]) => facts.until === 34) ?? [];
    expect(messages(name ?? '', true, until + 1)).toEqual([
      `error: feature gate ${name} was removed in Kubernetes v1.35; remove it`,
    ]);
  });
});
