import type { Problem } from '../../inventory/address.ts';

/** A word of a line, without quotes, and the column where it begins (1-based). */
export interface ShellWord {
  readonly text: string;
  readonly column: number;
}

/**
 * Words as Python's shlex splits them in POSIX mode, and a shell before it expands anything: quotes are removed, a
 * backslash keeps the next character. With `comments`, a `#` that is not quoted ends the line, in a word too.
 */
export function shellWords(line: string, comments = false): readonly ShellWord[] | Problem {
  const words: ShellWord[] = [];
  let text: string | undefined;
  let start = 0;
  const end = (): void => {
    if (text !== undefined) words.push({ text, column: start + 1 });
    text = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (/[ \t\r\n]/.test(char)) {
      end();
      continue;
    }
    if (comments && char === '#') break;
    if (text === undefined) start = at;
    text ??= '';
    if (char === "'") {
      const close = line.indexOf("'", at + 1);
      if (close < 0) return { problem: 'has a quote that is never closed' };
      text += line.slice(at + 1, close);
      at = close;
    } else if (char === '"') {
      const quoted = doubleQuoted(line, at);
      if (quoted === undefined) return { problem: 'has a quote that is never closed' };
      text += quoted.text;
      at = quoted.close;
    } else if (char === '\\') {
      at++;
      if (at >= line.length) return { problem: 'ends in a backslash' };
      text += line[at] ?? '';
    } else text += char;
  }
  end();
  return words;
}

/** In double quotes, a backslash keeps a quote or a backslash, and is itself before anything else. */
function doubleQuoted(
  line: string,
  open: number,
): { readonly text: string; readonly close: number } | undefined {
  let text = '';
  for (let at = open + 1; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === '"') return { text, close: at };
    const next = line[at + 1] ?? '';
    if (char === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at++;
    } else text += char;
  }
  return undefined;
}
