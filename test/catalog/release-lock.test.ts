import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalog, withReleases } from '../../src/catalog/release.ts';
import { lockText, newerPatch, parseLock } from '../../src/catalog/release-lock.ts';
import { lockedRelease } from '../samples/lock.ts';

const own = lockedRelease();
const problems = (text: string): string[] =>
  parseLock(text, 'kboot.lock.yaml').diagnostics.map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  );

describe('the text of a lock', () => {
  it('reads back as what was written, sorted, and is the same for the same releases', () => {
    const other = lockedRelease('v1.34.9');
    const text = lockText([own, other]);
    expect(lockText([other, own])).toBe(text);
    const { releases, diagnostics } = parseLock(text, 'kboot.lock.yaml');
    expect(diagnostics).toEqual([]);
    expect(releases).toEqual([other, own]);
    expect(lockText(releases)).toBe(text);
    expect(text).toMatch(
      /^# Written by `kboot lock`\..*\n#.*\n#.*\napiVersion: kboot\.dev\/v1\nkind: ReleaseLock\n/,
    );
    expect(text).toContain('  v1.36.2:\n    components:\n      cniPlugins: 1.9.1\n');
  });

  it('has strings where YAML would read numbers', () => {
    const odd = '1'.repeat(64);
    const files = { ...own.files, amd64: { ...own.files.amd64, runc: odd } };
    const text = lockText([{ ...own, pause: '3.10', files }]);
    const [read] = parseLock(text, 'kboot.lock.yaml').releases;
    expect([read?.pause, read?.files.amd64.runc]).toEqual(['3.10', odd]);
  });
});

describe('a lock with mistakes', () => {
  const text = lockText([own]);
  it.each([
    ['', ['1:1: kboot.lock.yaml is empty; `kboot lock` writes a new one']],
    [text.replace('ReleaseLock', 'Cluster'), ['5:7: kind must be ReleaseLock, not "Cluster"']],
    [
      text.replace('      containerd: 2.2.7', '      containered: 2.2.7'),
      [
        '8:5: releases["v1.36.2"].components.containerd is missing',
        '10:7: unknown key "containered" in releases["v1.36.2"].components; did you mean "containerd"?',
      ],
    ],
    [
      text.replace('pause: 3.10.2', 'pause: 3.1'),
      ['18:14: releases["v1.36.2"].components.pause must be a string, not the number 3.1 (write "3.1")'],
    ],
    [
      text.replace('runc: 1.3.6', 'runc: 1.3.6/../..'),
      ['19:13: releases["v1.36.2"].components.runc must be like 1.36.2, not "1.3.6/../.."'],
    ],
    [
      text.replace(own.files.amd64.runc, 'abc'),
      ['28:15: releases["v1.36.2"].files.amd64.runc must be like a SHA-256 in hex, not "abc"'],
    ],
    [
      text.replace('  v1.36.2:', '  1.36.2:'),
      ['7:3: releases["1.36.2"]: the key must be like v1.36.2, not "1.36.2"'],
    ],
  ])('is reported with its position %#', (broken, expected) => {
    expect(problems(broken)).toEqual(expected);
    expect(parseLock(broken, 'kboot.lock.yaml').releases).toEqual([]);
  });

  it('does not take variables of the environment', () => {
    expect(problems(text.replace('pause: 3.10.2', 'pause: ${PAUSE}'))).toEqual([
      '18:14: releases["v1.36.2"].components.pause must be like 3.10.2, not "${PAUSE}"',
    ]);
  });

  it('never makes it throw, whatever replaces a part of it', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(text.length), fc.nat(40), (by, at, length) => {
        parseLock(text.slice(0, at) + by + text.slice(at + length), 'kboot.lock.yaml');
      }),
    );
  });
});

describe('releases', () => {
  it('are those of the catalog, and those of the lock in their place', () => {
    const newer = lockedRelease('v1.36.2', { as: 'v1.36.9' });
    const both = withReleases([{ ...own, containerd: '2.2.99' }, newer]);
    expect(both.versions.slice(0, 3)).toEqual(['v1.36.9', 'v1.36.4', 'v1.36.3']);
    expect(both.get('v1.36.9')).toEqual(newer);
    expect(both.get('v1.36.2').containerd).toBe('2.2.99');
    expect(both.get('v1.35.6')).toEqual(catalog.get('v1.35.6'));
    expect(() => both.get('v1.36.10')).toThrow(expect.objectContaining({ code: 'E-INVENTORY' }));
    expect(withReleases([])).toBe(catalog);
  });

  it.each([
    ['v1.36.2', 'v1.36.10'],
    ['v1.36.9', 'v1.36.10'],
    ['v1.36.10', undefined],
    ['v1.35.6', undefined],
  ])('a newer patch than %s is %s', (version, patch) => {
    const all = ['v1.36.9', 'v1.36.10', 'v1.37.0'].map((as) => lockedRelease('v1.36.2', { as }));
    expect(newerPatch(all, version)).toBe(patch);
  });
});
