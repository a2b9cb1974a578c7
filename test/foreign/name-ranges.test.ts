import fc from 'fast-check';
import { expect, it } from 'vitest';
import { expandNames, mostHosts } from '../../src/foreign/name-ranges.ts';

it('expands numbers with their zeros, letters, steps, and several ranges', () => {
  expect(expandNames('node[01:03].example.com')).toEqual([
    'node01.example.com',
    'node02.example.com',
    'node03.example.com',
  ]);
  expect(expandNames('n[1:9:4]')).toEqual(['n1', 'n5', 'n9']);
  expect(expandNames('r[1:2]-[a:c:2]')).toEqual(['r1-a', 'r1-c', 'r2-a', 'r2-c']);
  expect(expandNames('n[:2]')).toEqual(['n0', 'n1', 'n2']);
  expect(expandNames('n[08:11]')).toEqual(['n08', 'n09', 'n10', 'n11']);
  expect(expandNames('plain')).toEqual(['plain']);
});

it('says what is wrong with a range', () => {
  const problem = (pattern: string): string => {
    const found = expandNames(pattern);
    return 'problem' in found ? found.problem : 'fine';
  };
  expect(problem('n[3:1]')).toBe('has "[3:1]", whose end comes before its beginning');
  expect(problem('n[01:3]')).toBe('has "[01:3]", whose ends must have the same number of digits');
  expect(problem('n[1:]')).toContain('is not a range');
  expect(problem('n[1]')).toContain('is not a range');
  expect(problem('n[1:2:0]')).toContain('is not a range');
  expect(problem('n]')).toContain('has a [ or ] without the other');
  expect(problem('n[1:999999999]')).toContain(`more than ${mostHosts}`);
  expect(problem('n[1:1000]-[1:1000]')).toContain(`more than ${mostHosts}`);
});

it('any pattern: names or one problem, never endless', () => {
  const pieces = fc.constantFrom('[', ']', ':', '0', '1', '99', 'a', 'z', 'n', '-', '[1:50]', '[a:z]');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const found = expandNames(parts.join(''));
      if ('problem' in found) expect(found.problem).not.toBe('');
      else expect(found.length).toBeLessThanOrEqual(mostHosts);
    }),
  );
});
