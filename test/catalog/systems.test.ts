import { describe, expect, it } from 'vitest';
import { acquaintance, knownSystems, systemOf } from '../../src/catalog/systems.ts';

const on = (id: string, versionId: string) => ({ os: { id, versionId } });

describe('systems', () => {
  it.each([
    ['debian', '12', 'known'],
    ['debian', '11', 'unknown version'],
    ['ubuntu', '24.04', 'known'],
    ['ubuntu', '24', 'unknown version'],
    ['rocky', '9.6', 'known'],
    ['rocky', '9', 'known'],
    ['rocky', '90.1', 'unknown version'],
    ['rocky', '10.0', 'unknown version'],
    ['arch', '', 'unknown'],
  ])('%s %s is %s', (id, version, expected) => {
    expect(acquaintance(on(id, version))).toBe(expected);
  });

  it('are listed in one phrase', () => {
    expect(knownSystems).toBe('Debian 12 or 13, Ubuntu 22.04, 24.04 or 26.04, or Rocky Linux 9');
  });

  it('differ in their packages', () => {
    expect(systemOf(on('rocky', '9.6'))).toMatchObject({ packageManager: 'dnf', selinux: true });
    expect(systemOf(on('ubuntu', '24.04'))).toMatchObject({ packageManager: 'apt', selinux: false });
    expect(systemOf(on('arch', ''))).toBe(systemOf(on('debian', '12')));
  });
});
