import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines, quote, quoteAll } from '../../src/model/shell.ts';
import { shells } from '../resource/sandbox.ts';

const word = fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll('\0', ''));
const nasty = fc
  .array(fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', ' ', '*', '~', ';', '&', '-', '#', 'a'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

describe.each(shells)('quote, as %s reads it', (shell) => {
  it('returns every word unchanged, and as one word', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(word, nasty), { minLength: 1, maxLength: 40 }), (words) => {
        const script = `printf '%s\\0' ${quoteAll(words)}`;
        const { stdout } = spawnSync(shell, ['-c', script]);
        expect(stdout.toString('utf8').split('\0').slice(0, -1)).toEqual(
          words.map((each) => Buffer.from(each).toString('utf8')),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('quote', () => {
  it('leaves harmless words readable and never drops an empty one', () => {
    expect(quote('/etc/kubernetes/manifests')).toBe('/etc/kubernetes/manifests');
    expect(quote('')).toBe("''");
    expect(quote("it's")).toBe(`'it'\\''s'`);
    expect(quote('~/x')).toBe("'~/x'");
    expect(quote('a\n')).toBe("'a\n'");
  });
});

describe('lines', () => {
  it('drops only the empty text after the last line end', () => {
    expect(lines('a\n\nb\n')).toEqual(['a', '', 'b']);
    expect(lines('a')).toEqual(['a']);
    expect(lines('')).toEqual([]);
  });
});
