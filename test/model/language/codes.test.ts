import { describe, expect, it } from 'vitest';
import { errorCodes, type ErrorCode } from '../../../src/model/error.ts';
import { codesZh } from '../../../src/model/language/codes-zh.ts';
import { words } from '../../../src/model/language/words.ts';
import { blemishes, technicalWords } from './chinese.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe.each(codes)('%s in Chinese', (code) => {
  it.each(['title', 'cause', 'remedy'] as const)(
    '%s: Chinese, well set, with the commands of the English',
    (part) => {
      const [english, chinese] = [errorCodes[code][part], codesZh[code][part]];
      expect(chinese).toMatch(/\p{Script=Han}/u);
      expect(chinese).toMatch(/。$/);
      expect(blemishes(chinese)).toEqual([]);
      expect(technicalWords(chinese)).toEqual(technicalWords(english));
      // Words that are English in both are few: names, commands, acronyms.
      const sentence = /(?:\b[a-z]{2,}\b[ ,]*){5,}/.exec(chinese.replaceAll(/`[^`]+`/g, ''));
      expect(sentence).toBeNull();
    },
  );
});

it('lists the codes in the same order', () => {
  expect(Object.keys(codesZh)).toEqual(codes);
});

it('has the words around them in Chinese', () => {
  const { exits: english, ...around } = words.en;
  for (const [name, text] of Object.entries({ ...around, ...english })) {
    const chinese = { ...words.zh, ...words.zh.exits }[name as keyof typeof around | keyof typeof english];
    expect(chinese, name).toMatch(/\p{Script=Han}/u);
    expect(blemishes(chinese)).toEqual([]);
    expect(technicalWords(chinese)).toEqual(technicalWords(text));
  }
});

it('finds what is not well set, and a command that differs', () => {
  expect(blemishes('运行`kboot up`，然后, 等待30 秒.')).toHaveLength(4);
  expect(blemishes('运行 `kboot up`，等待 30 秒（最多）。')).toEqual([]);
  expect(technicalWords('运行 `kboot up`，设置 KBOOT_A 和 --yes、spec.addons')).toEqual(
    technicalWords('Set spec.addons, --yes and KBOOT_A, and run `kboot up`.'),
  );
  expect(technicalWords('`kboot up`')).not.toEqual(technicalWords('`kboot plan`'));
});
