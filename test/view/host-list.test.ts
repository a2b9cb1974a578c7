import { describe, expect, it } from 'vitest';
import { hostList, hostRanges, hostsInShort } from '../../src/view/host-list.ts';

const all = ['cp-1', 'cp-2', 'cp-3', ...Array.from({ length: 30 }, (_, index) => `w-${index + 1}`)];

describe('hostList', () => {
  it.each([
    [['cp-1'], 'cp-1'],
    [['cp-1', 'cp-2'], 'cp-1, cp-2'],
    [['cp-1', 'cp-2', 'cp-3'], 'cp-1 … cp-3'],
    [['w-9', 'w-10', 'w-11', 'w-13', 'cp-2'], 'cp-2, w-9 … w-11, w-13'],
    [['gone', 'cp-1'], 'cp-1, gone'],
  ])('%j', (names, text) => {
    expect(hostList(names, all)).toBe(text);
  });

  it('does not combine names without consecutive numbers', () => {
    const odd = ['a-08', 'a-09', 'a-10', 'b1', 'c2', 'd'];
    expect(hostList(odd, odd)).toBe('a-08, a-09, a-10, b1, c2, d');
  });
});

describe('hostsInShort', () => {
  it('is a number if there are many names', () => {
    expect(hostsInShort(all, all)).toBe('all 33 hosts');
    expect(hostsInShort(all.slice(3), all)).toBe('w-1 … w-30 (30)');
    expect(hostsInShort(['cp-1', 'w-1', 'w-5', 'w-9'], all)).toBe('4 hosts');
    expect(hostsInShort(['solo'], ['solo'])).toBe('solo');
  });
});

describe('hostRanges', () => {
  it('counts positions', () => {
    const position = new Map(all.map((name, index) => [name, index]));
    expect(hostRanges(['w-2', 'cp-1', 'cp-2', 'cp-3', 'elsewhere'], position)).toBe('0-2,4');
    expect(hostRanges([], position)).toBe('');
  });
});
