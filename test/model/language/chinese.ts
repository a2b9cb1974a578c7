/** What must be the same in both languages: commands, flags, variables, fields, paths, files, in any order. */
export function technicalWords(text: string): readonly string[] {
  const spans = [...text.matchAll(/`[^`]+`/g)].map(([span]) => span);
  const bare = text.replaceAll(/`[^`]+`/g, ' ');
  const words = bare.matchAll(
    /--[a-z][\w-]*|\b[A-Z][A-Z\d]*_\w+|\bspec\.[\w.]*\w|(?<![\w.])[~.]?\/[\w./-]*\w|\b[\w-]+\.(?:json|yaml|crt|key)\b|\bE-[A-Z-]+\b/g,
  );
  return [...new Set([...spans, ...[...words].map(([word]) => word)])].toSorted();
}

const han = String.raw`\p{Script=Han}`;

/** What a Chinese text would be blamed for by an editor: none if it is well set. `code` spans count as Latin words. */
export function blemishes(text: string): readonly string[] {
  const rules: readonly (readonly [RegExp, string])[] = [
    [new RegExp(`${han}[A-Za-z0-9\`]|[A-Za-z0-9\`]${han}`, 'gu'), 'no space between Chinese and Latin'],
    [new RegExp(`${han} +${han}`, 'gu'), 'a space between Chinese characters'],
    [new RegExp(`${han}[,;:!?()]|[,;!?()]${han}`, 'gu'), 'half-width punctuation'],
    [new RegExp(`${han}\\.(?!\\w)`, 'gu'), 'a Latin full stop'],
    [/ [，。；：、（）！？]|[，。；：、（）！？] (?!\|)/g, 'a space beside full-width punctuation'],
    [/，，|。。|；；|，。|。，/g, 'doubled punctuation'],
    [/您/g, '您: these texts say 你'],
  ];
  return rules.flatMap(([rule, blame]) => [...text.matchAll(rule)].map(([found]) => `${found}: ${blame}`));
}
