import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import { lines, sentences } from '../../../src/model/language/text.ts';
import { errorText } from '../../../src/view/error-text.ts';
import { blemishes, technicalWords } from './chinese.ts';
import { listed } from './remedies.ts';
import type { Finding } from '../../../src/plan/preflight/finding.ts';

const source = fileURLToPath(new URL('../../../src', import.meta.url));

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
    expect(copied.context).toMatchObject({ remedy: 'Start it.', remedyText: text });
    const stop = { en: 'Stop it.', zh: '停止它。' };
    const other = new KbootError('E-CONNECT', 'refused', { ...error.context, remedy: stop });
    expect(other.context).toMatchObject({ remedy: 'Stop it.', remedyText: stop });
    expect(new KbootError('E-CONNECT', 'refused').context.remedyText).toBeUndefined();
  });

  it('in English alone does not compile', () => {
    // @ts-expect-error -- without Chinese
    new KbootError('E-CONNECT', 'refused', { remedy: 'Start it.' });
    const { context } = new KbootError('E-CONNECT', 'refused', { remedy: text });
    // @ts-expect-error -- an error that is copied with another
    new KbootError('E-CONNECT', 'refused', { ...context, remedy: 'Stop it.' });
    const finding = { check: 'Ports', level: 'error', host: 'cp-1', message: 'is in use' } as const;
    // @ts-expect-error -- a finding
    const refused: Finding = { ...finding, remedy: 'Stop it.' };
    expect(refused.remedy).toBe('Stop it.');
  });

  it('has the title of its code below an English message', () => {
    const printed = errorText(new KbootError('E-CONNECT', 'refused', { remedy: text }), 'zh');
    expect(printed).toContain('（E-CONNECT：主机无法连接。`kboot explain E-CONNECT`）');
    expect(errorText(new KbootError('E-CONNECT', 'refused'))).toContain('(E-CONNECT, `kboot explain');
  });

  it('keeps its lines, and shows what a terminal would obey', () => {
    const remedy = lines(text, { en: 'a\u001B[31m', zh: 'a\u001B[31m' });
    const printed = errorText(new KbootError('E-CONNECT', 'refused', { remedy }), 'zh');
    expect(printed).toContain('  启动它。\n  a⟨U+001B⟩[31m\n');
  });

  it('can be made part of another', () => {
    const more = { en: 'Then go on.', zh: '然后继续。' };
    expect(sentences(text, more)).toEqual({
      en: 'Start it. Then go on.',
      zh: '启动它。然后继续。',
    });
    expect(lines(undefined, text, text, more).zh).toBe('启动它。\n然后继续。');
  });
});

describe('texts of the source', () => {
  const inline = /\bzh:\s*['"`]/;

  it('are in remedies.ts: none is written where the error is made', () => {
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !/(^|\/)remedies\.ts$|^model\/language\//.test(name),
    );
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((name) => inline.test(readFileSync(join(source, name), 'utf8')))).toEqual([]);
  });

  it('finds one that is', () => {
    expect(inline.test("remedy: { en: 'Start it.', zh: '启动它。' }")).toBe(true);
    expect(inline.test('const textsOf = { en: errorCodes, zh: codesZh }')).toBe(false);
  });
});
