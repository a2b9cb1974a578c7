/** Control characters, and those that reorder or hide the text around them. */
const deceptive = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text in which every character shows: `⟨U+202E⟩` for one that would reorder or hide others. */
export function visible(text: string): string {
  return text.replace(
    deceptive,
    (char) => `⟨U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
}
