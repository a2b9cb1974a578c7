/**
 * Characters that a terminal obeys instead of showing, that reorder the text around them, or that nobody sees: control
 * and format characters, half characters, separators of lines, and what Unicode lets programs leave out.
 */
const deceptive = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** What is blank on a terminal: spaces of all kinds, tabs, the Braille cell without dots. */
const blanks = /[\p{Zs}\t\u2800]{5,}/gu;
/** The same in JSON, where a tab is `\\t`; what follows a newline is indentation. */
const blanksInJson = /(?<![\n\p{Zs}\u2800])[\p{Zs}\u2800]{40,}/gu;
/** Columns from which on a gap can push what follows it to where a line of its own begins. */
const widestGap = 40;

/** Nearly every text is of these only, and looking for the others takes four times as long; a gap is longer than four spaces. */
const plain = /^[ -~]*$/;
const plainLines = /^[ -~\n]*$/;
const gap = '     ';

/** Whether a text has a character that shows only after `visible`; tabs, newlines and gaps do not count. */
export function isDeceptive(text: string): boolean {
  return withMarks(text, '\n\t') !== text;
}

/**
 * Text in which every character shows: `⟨U+202E⟩` for one that would reorder or hide others, `⟨120 spaces⟩` for a gap that
 * would wrap the line and let its end pass for another. Tabs and newlines stay.
 */
export function visible(text: string): string {
  if (plainLines.test(text) && !text.includes(gap)) return text;
  return withGaps(withMarks(text, '\n\t'));
}

/** The same for a text that is one line: a newline in it shows, too, and cannot begin another line. */
export function visibleLine(text: string): string {
  if (plain.test(text) && !text.includes(gap)) return text;
  return withGaps(withMarks(text, '\t'));
}

function withMarks(text: string, kept: string): string {
  return text.replace(deceptive, (char) => (kept.includes(char) ? char : codePoint(char)));
}

function withGaps(text: string): string {
  return text.replace(blanks, (blank) => {
    let columns = 0;
    for (const char of blank) columns += char === '\t' ? 8 : char === '\u3000' ? 2 : 1;
    return columns < widestGap ? blank : `⟨${columns} spaces⟩`;
  });
}

/**
 * A value as JSON for a terminal, a log or a file that people read: the same data, and no character in it that shows only
 * after `visible`, since each is written as `\u202e`.
 */
export function visibleJson(value: unknown, indent?: number): string {
  return (
    JSON.stringify(value, undefined, indent)
      // Outside of strings, JSON has no other.
      .replace(deceptive, (char) => (char === '\n' ? char : escaped(char)))
      .replace(blanksInJson, escaped)
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function codePoint(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
