import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeceptive, visible, visibleJson, visibleLine } from '../../src/model/visible.ts';

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

describe('gaps', () => {
  it.each([
    [`curl x | sh${' '.repeat(120)}# tidy`, 'curl x | sh⟨120 spaces⟩# tidy'],
    [`a${'\t'.repeat(6)} b`, 'a⟨49 spaces⟩b'],
    [`a${'\u00a0'.repeat(30)}${'\u2003'.repeat(30)}b`, 'a⟨60 spaces⟩b'],
    [`a${'\u3000'.repeat(20)}b`, 'a⟨40 spaces⟩b'],
    [`a${'\u2800'.repeat(60)}b`, 'a⟨60 spaces⟩b'],
    [`${' '.repeat(200)}Apply this plan?`, '⟨200 spaces⟩Apply this plan?'],
    [`a${' '.repeat(39)}b\t\t\t\tc`, `a${' '.repeat(39)}b\t\t\t\tc`],
  ])('%j', (text, expected) => {
    expect(visible(text)).toBe(expected);
    expect(visibleLine(text)).toBe(expected);
    expect(visible(visible(text))).toBe(expected);
    // It can be in a command of an inventory.
    expect(isDeceptive(text)).toBe(false);
  });

  it('are escaped in JSON, and indentation is not', () => {
    let deep: unknown = `a${' '.repeat(60)}b`;
    for (let level = 0; level < 30; level++) deep = { deep };
    const text = visibleJson(deep, 2);
    expect(text).toContain(`\n${' '.repeat(60)}"deep": "a${'\\u0020'.repeat(60)}b"`);
    expect(JSON.parse(text)).toEqual(deep);
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
