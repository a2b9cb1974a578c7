import stringWidth from 'fast-string-width';

/** Chinese and Japanese characters and full-width punctuation: each takes two columns, and a line may break between two. */
const wide = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF00-\uFF60`;
/** Punctuation after which, and before which, a line does not break. */
const [opening, closing] = ['（《〈「『【〔“‘', '，。、；：？！）》〉」』】〕”’…'];

const piece = new RegExp(
  String.raw`(?<space>\s*)(?<text>[${opening}]*(?:[^\s${wide}]+|[${wide}])[${closing}]*|\S)`,
  'gu',
);
const anyWide = new RegExp(`[${wide}]`, 'u');

/** The columns that a text takes in a terminal; colour codes take none. */
export const columnsOf = (text: string): number => stringWidth(text);

/** Whether a text has characters between which a line may break without a space. */
export const breaksAnywhere = (text: string): boolean => anyWide.test(text);

/**
 * Lines of at most `width` columns, broken at spaces and between Chinese characters, but never before a comma or after an
 * opening bracket; a longer word gets its own line. Spaces inside a line stay as they are.
 */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let taken = 0;
  for (const { groups: { space = '', text: part = '' } = {} } of text.matchAll(piece)) {
    const columns = columnsOf(part);
    if (lines.length > 0 && taken + space.length + columns <= width) {
      lines.push(`${lines.pop() ?? ''}${space}${part}`);
      taken += space.length + columns;
    } else {
      const kept = lines.length === 0 ? space : '';
      lines.push(kept + part);
      taken = kept.length + columns;
    }
  }
  return lines;
}
