import { expect, it } from 'vitest';
import { languageOf } from '../../../src/model/language/language.ts';

const of = (environment: Readonly<Record<string, string>>): string => languageOf((name) => environment[name]);

it.each([
  { LANG: 'zh_CN.UTF-8' },
  { LANG: 'zh_CN.utf8' },
  { LANG: 'zh_TW.UTF-8@stroke' },
  { LANG: 'zh_Hans_CN.UTF-8' },
  { LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' },
  { LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN' },
  { LANG: 'en_US.UTF-8', LC_ALL: 'zh_SG.UTF-8' },
  { LANG: 'zh_CN', LC_CTYPE: 'UTF-8' },
  { LANG: 'zh_CN.UTF-8', LC_ALL: '' },
])('Chinese: %o', (environment) => {
  expect(of(environment)).toBe('zh');
});

it.each([
  {},
  { LANG: '' },
  { LANG: 'C.UTF-8' },
  { LANG: 'de_DE.UTF-8' },
  { LANG: 'zhuang.UTF-8' },
  { LANG: 'zh_CN.UTF-8', LC_ALL: 'C' },
  { LANG: 'zh_CN.UTF-8', LC_ALL: 'C.UTF-8' },
  { LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'en_US.UTF-8' },
  // The terminal may not show Chinese characters.
  { LANG: 'zh_CN' },
  { LANG: 'zh_CN.GB18030' },
  { LANG: 'zh_CN.UTF-8', LC_CTYPE: 'C' },
])('English: %o', (environment) => {
  expect(of(environment)).toBe('en');
});
