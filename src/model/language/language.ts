/** Languages of what people read: explanations of codes and remedies. Codes, plans and JSON are English. */
export const languages = ['en', 'zh'] as const;

export type Language = (typeof languages)[number];

/**
 * The language of a POSIX environment. `variable` looks up a variable; of LC_ALL, LC_MESSAGES and LANG, the first that
 * is not empty counts. English if the terminal's encoding (LC_ALL, LC_CTYPE, LANG) is not known to be UTF-8.
 */
export function languageOf(variable: (name: string) => string | undefined): Language {
  const first = (...names: readonly string[]): string =>
    names.map((name) => variable(name) ?? '').find((value) => value !== '') ?? '';
  const chinese = /^zh\b|^zh_/i.test(first('LC_ALL', 'LC_MESSAGES', 'LANG'));
  // macOS has LC_CTYPE=UTF-8.
  const unicode = /(^|\.)utf-?8(@|$)/i.test(first('LC_ALL', 'LC_CTYPE', 'LANG'));
  return chinese && unicode ? 'zh' : 'en';
}
