import { describe, expect, it } from 'vitest';
import { factOf } from '../../src/resource/fact.ts';
import type { Resource } from '../../src/resource/types.ts';

const digest = 'ab'.repeat(32);
const fact = (want: Partial<Resource> & { kind: Resource['kind'] }, found: unknown): string =>
  factOf({ stage: 'host', ...want } as Resource, { state: 'present', found });

describe('factOf', () => {
  it.each<[string, string, string]>([
    ['file', fact({ kind: 'file' }, { mode: '644', digest }), `mode 644, sha256 ${digest}`],
    ['package', fact({ kind: 'package' }, true), 'there'],
    [
      'unit',
      fact({ kind: 'unit' }, { enabled: true, active: false, current: true }),
      'enabled, not active, current',
    ],
    [
      'archive',
      fact({ kind: 'archive' }, { digest, altered: ['/a', '/b'] }),
      `sha256 ${digest}, altered /a /b`,
    ],
    ['image', fact({ kind: 'image' }, { missing: [], digest: undefined }), 'there'],
    ['swap', fact({ kind: 'swap' }, { active: [], fstab: [], units: [] }), 'there'],
    ['sysctl', fact({ kind: 'sysctl', key: 'k', value: '1', compare: 'equal' }, '0'), '0'],
  ])('%s', (_kind, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('is the same for observations that lead to the same plan', () => {
    const atLeast = { kind: 'sysctl', key: 'k', value: '8192', compare: 'at-least' } as const;
    expect(fact(atLeast, '10000')).toBe(fact(atLeast, '8192'));
    expect(fact(atLeast, '128')).toBe('128');
  });

  it('distinguishes absent from unknown', () => {
    const want = { kind: 'package', manager: 'apt', stage: 'host', name: 'kmod' } as const;
    expect(factOf(want, { state: 'absent' })).toBe('absent');
    expect(factOf(want, { state: 'unknown', reason: 'cut off' })).toBe('unknown: cut off');
  });
});
