import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escape, html, jsonMarkup } from '../../../src/view/html/html.ts';

const codePoint = fc.oneof(
  fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' '),
  fc.nat({ max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
);

describe('html', () => {
  it('escapes what it is given, and leaves Html alone', () => {
    expect(
      html`<p title="${'"x"'}">${'<b>'}${html`<i>${1}</i>`}${undefined}${['&', html`<hr />`]}</p>`.text,
    ).toBe('<p title="&quot;x&quot;">&lt;b&gt;<i>1</i>&amp;<hr /></p>');
  });

  it('spells out what would hide or reorder text', () => {
    expect(escape('a\u202eb')).toBe('a⟨U+202E⟩b');
  });

  it('no text ends the text or the attribute that it stands in', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        return !/[<>"']|&(?!(amp|lt|gt|quot|#39);)/.test(escape(text));
      }),
    );
  });

  it('JSON never ends its script element, and is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant('</script><!--'))), (data) => {
        const { text } = jsonMarkup(data);
        expect(text).not.toContain('<');
        expect(JSON.parse(text)).toEqual(data);
      }),
    );
  });
});
