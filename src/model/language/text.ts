import type { Language } from './language.ts';

/** A text for people, in every language. */
export type Text = Readonly<Record<Language, string>>;

/** What a text is about, by name. */
export type About<Names extends string> = Readonly<Record<Names, string | number>>;

/**
 * The texts of a folder, by key: `remedies.ts` there. One that is about something is a function of it. What lacks a language
 * does not compile; docs/zh/messages.md lists all of them.
 */
export type Texts = Readonly<Record<string, Text | ((about: never) => Text)>>;

/** Sentences one after another; those that are not there are left out. */
export const sentences = (...texts: readonly (Text | undefined)[]): Text => joined(texts, ' ', '');

/** Texts below each other, each once; those that are not there, or empty, are left out. */
export const lines = (...texts: readonly (Text | undefined)[]): Text => joined(texts, '\n', '\n');

function joined(texts: readonly (Text | undefined)[], en: string, zh: string): Text {
  const there = new Map(
    texts.flatMap((text) => (text === undefined || text.en === '' ? [] : [[text.en, text]])),
  );
  const all = [...there.values()];
  return { en: all.map((text) => text.en).join(en), zh: all.map((text) => text.zh).join(zh) };
}

/** A remedy as errors and findings hold it: English, which JSON shows, and the text in every language. */
export interface Remedy {
  readonly remedy: string;
  readonly remedyText: Text;
}

/** The fields of a remedy. */
export const remedyFields = (text: Text): Remedy => ({ remedy: text.en, remedyText: text });
