import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import { lines, remedyIn, remedyTextOf, same, sentences } from '../../../src/model/language/text.ts';
import { errorText } from '../../../src/view/error-text.ts';
import { blemishes, technicalWords } from './chinese.ts';
import { listed } from './remedies.ts';

describe('every remedy', () => {
  it('there are many', () => {
    expect(listed.length).toBeGreaterThan(40);
  });

  it.each(listed)('$file $key: $en', ({ en, zh }) => {
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(blemishes(zh)).toEqual([]);
    expect(technicalWords(zh)).toEqual(technicalWords(en));
    const about = (text: string): readonly string[] => [...new Set(text.match(/‹\w+›/g))].toSorted();
    expect(about(zh)).toEqual(about(en));
    expect(/\.$/.test(en)).toBe(/。$/.test(zh));
  });
});

describe('a remedy of an error', () => {
  const text = { en: 'Start it.', zh: '启动它。' };

  it('is English in JSON, and in the language of the reader for people', () => {
    const error = new KbootError('E-CONNECT', 'refused', { host: 'cp-1', remedy: text });
    expect(error.context.remedy).toBe('Start it.');
    expect(errorText(error)).toContain('  Start it.\n');
    expect(errorText(error, 'zh')).toContain('  启动它。\n');
  });

  it('stays with an error that is copied, and goes when the copy has another', () => {
    const error = new KbootError('E-CONNECT', 'refused', { remedy: text });
    const copied = new KbootError('E-CONNECT', 'refused', { ...error.context, host: 'cp-1' });
    expect(remedyIn(copied.context, 'zh')).toBe('启动它。');
    const other = new KbootError('E-CONNECT', 'refused', { ...error.context, remedy: 'Stop it.' });
    expect(remedyIn(other.context, 'zh')).toBe('Stop it.');
    expect(remedyIn(new KbootError('E-CONNECT', 'refused').context, 'zh')).toBeUndefined();
  });

  it('keeps its lines, and shows what a terminal would obey', () => {
    const remedy = lines(text, same('a\u001B[31m'));
    const printed = errorText(new KbootError('E-CONNECT', 'refused', { remedy }), 'zh');
    expect(printed).toContain('  启动它。\n  a⟨U+001B⟩[31m\n');
  });

  it('can be made part of another', () => {
    const error = new KbootError('E-CONNECT', 'refused', { remedy: text });
    const more = { en: 'Then go on.', zh: '然后继续。' };
    expect(sentences(remedyTextOf(error.context), more)).toEqual({
      en: 'Start it. Then go on.',
      zh: '启动它。然后继续。',
    });
    expect(lines(undefined, text, text, more).zh).toBe('启动它。\n然后继续。');
    expect(remedyTextOf({})).toBeUndefined();
  });
});
