import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escape, html, jsonMarkup } from '../../../src/view/html/html.ts';

const codePoint = fc.oneof(
  fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' '),
  fc.nat({ max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
);

describe('html', () => {
  it('escapes its input, except Html', () => {
    expect(
      html`<p title="${'"x"'}">${'<b>'}${html`<i>${1}</i>`}${undefined}${['&', html`<hr />`]}</p>`.text,
    ).toBe('<p title="&quot;x&quot;">&lt;b&gt;<i>1</i>&amp;<hr /></p>');
  });

  it('escapes characters that hide or reorder text', () => {
    expect(escape('a\u202eb')).toBe('a⟨U+202E⟩b');
  });

  it('no text ends its text or attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        return !/[<>"']|&(?!(amp|lt|gt|quot|#39);)/.test(escape(text));
      }),
    );
  });

  it('JSON never ends its script element, and survives a round trip', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constant('</script><!--'))), (data) => {
        const { text } = jsonMarkup(data);
        expect(text).not.toContain('<');
        expect(JSON.parse(text)).toEqual(data);
      }),
    );
  });
});
