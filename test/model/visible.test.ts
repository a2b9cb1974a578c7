import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleJson, visibleLine } from '../../src/model/visible.ts';

describe('visible', () => {
  it.each([
    ['\u001b[2J', '⟨U+001B⟩[2J'],
    ['\u009d52;c;eA==\u009c', '⟨U+009D⟩52;c;eA==⟨U+009C⟩'],
    ['a\u00adb\u200bc\u2066d\ufeff', 'a⟨U+00AD⟩b⟨U+200B⟩c⟨U+2066⟩d⟨U+FEFF⟩'],
    ['tag\u{e0061}', 'tag⟨U+E0061⟩'],
    ['filler\u3164', 'filler⟨U+3164⟩'],
    ['half\ud800', 'half⟨U+D800⟩'],
    ['line\u2028line', 'line⟨U+2028⟩line'],
    ['été 日本 ✓ 😀\t', 'été 日本 ✓ 😀\t'],
  ])('%j', (text, expected) => {
    expect(visible(text)).toBe(expected);
    expect(visibleLine(text)).toBe(expected);
  });

  it('keeps newlines, and visibleLine shows them', () => {
    expect([visible('a\r\nb'), visibleLine('a\r\nb')]).toEqual(['a⟨U+000D⟩\nb', 'a⟨U+000D⟩⟨U+000A⟩b']);
  });
});

describe('visibleJson', () => {
  it('is the same data, and nothing in it is obeyed', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (value) => {
        const text = visibleJson(value);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(JSON.parse(visibleJson(value, 2))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('escapes both halves of a character beyond the first 65536', () => {
    expect(visibleJson('\u{e0041}\u009d')).toBe(String.raw`"\udb40\udc41\u009d"`);
  });
});
