/**
 * Characters that a terminal obeys instead of showing, that reorder the text around them, or that nobody sees: control
 * and format characters, half characters, separators of lines, and what Unicode lets programs leave out.
 */
const deceptive = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether a text has a character that shows only after `visible`; tabs and newlines do not count. */
export function isDeceptive(text: string): boolean {
  return visible(text) !== text;
}

/** Text in which every character shows: `⟨U+202E⟩` for one that would reorder or hide others. Tabs and newlines stay. */
export function visible(text: string): string {
  return text.replace(deceptive, (char) => (char === '\n' || char === '\t' ? char : codePoint(char)));
}

/** The same for a text that is one line: a newline in it shows, too, and cannot begin another line. */
export function visibleLine(text: string): string {
  return text.replace(deceptive, (char) => (char === '\t' ? char : codePoint(char)));
}

/**
 * A value as JSON for a terminal, a log or a file that people read: the same data, and no character in it that shows only
 * after `visible`, since each is written as `\u202e`.
 */
export function visibleJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(deceptive, (char) =>
    // Outside of strings, JSON has no other.
    char === '\n'
      ? char
      : char.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

function codePoint(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
