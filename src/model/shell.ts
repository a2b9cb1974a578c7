/** Quotes one word for POSIX sh. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes several words, separated by spaces. */
export function quoteAll(words: Iterable<string>): string {
  return [...words].map(quote).join(' ');
}

/** Lines without the trailing empty one. */
export function lines(output: string): string[] {
  const all = output.split('\n');
  if (all.at(-1) === '') all.pop();
  return all;
}

/** Shell: `$n` becomes a line break. */
export const setLineBreak = `n='
'`;
