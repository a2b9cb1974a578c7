import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { below, block, line, shown, view } from '../../src/view/printable.ts';
import { errorText } from '../../src/view/error-text.ts';

/** Everything that a terminal would obey: none of it may be left, apart from newlines where a text has lines. */
const obeyed = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

describe('line', () => {
  it('shows what is put into it within one line', () => {
    const said = 'x\n✓ all good\r\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b1A\u202e\u{e0041}';
    expect(line`host: ${said}`).toBe(
      'host: x⟨U+000A⟩✓ all good⟨U+000D⟩⟨U+001B⟩]52;c;ZXZpbA==⟨U+0007⟩⟨U+001B⟩[2J⟨U+009B⟩1A⟨U+202E⟩⟨U+E0041⟩',
    );
  });

  it('is clean whatever is put into it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(line`${text}`.replaceAll('\t', '')).not.toMatch(obeyed);
        expect(block(text).replaceAll(/[\t\n]/g, '')).not.toMatch(obeyed);
      }),
    );
  });
});

describe('below', () => {
  it('keeps the lines that kboot made', () => {
    expect(below(line`a ${'\n'}`, line`b`)).toBe('a ⟨U+000A⟩\nb');
  });
});

describe('view', () => {
  it('composes from arguments that show, wherever they are, and adds colour after', () => {
    const compose = view((data: { readonly names: ReadonlyMap<string, readonly string[]> }) =>
      [...data.names].map(([key, words]) => `\u001b[31m${key}: ${words.join(', ')}\u001b[39m`).join('\n'),
    );
    expect(compose({ names: new Map([['a\u001b', ['b\n', 'c']]]) })).toBe(
      '\u001b[31ma⟨U+001B⟩: b⟨U+000A⟩, c\u001b[39m',
    );
  });

  it('keeps the identity of objects, and lines of texts that have lines', () => {
    const one = { script: 'a\n\u009bb', reason: 'a\nb' };
    const { first, second } = shown({ first: one, second: one });
    expect(first).toBe(second);
    expect(first).toEqual({ script: 'a\n⟨U+009B⟩b', reason: 'a⟨U+000A⟩b' });
  });

  it('shows what an error quotes, and indents what a command printed', () => {
    const error = new KbootError('E-CONNECT', 'lost: bye\n✓ all good', {
      host: 'w-1\u001b[1A',
      detail: 'one\n✓ two\u001b]52;c;eA==\u0007',
      remedy: { en: 'Look.\u202e', zh: '看。\u202e' },
    });
    expect(errorText(error).split('\n')).toEqual([
      expect.stringContaining('w-1⟨U+001B⟩[1A'),
      '  lost: bye⟨U+000A⟩✓ all good',
      expect.stringContaining('    one'),
      expect.stringContaining('    ✓ two⟨U+001B⟩]52;c;eA==⟨U+0007⟩'),
      '  Look.⟨U+202E⟩',
      expect.stringContaining('E-CONNECT'),
    ]);
  });
});
