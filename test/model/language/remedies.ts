import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Text, Texts } from '../../../src/model/language/text.ts';

const source = fileURLToPath(new URL('../../../src', import.meta.url));

const names = new Proxy<Record<string, string>>(
  {},
  // A sentence around another text has that in its own language.
  { get: (_, name) => (name === 'en' || name === 'zh' ? '‹…›' : `‹${String(name)}›`) },
);

export interface Listed extends Text {
  /** Below src. */
  readonly file: string;
  readonly key: string;
}

/** Every remedy of every `remedies.ts`; what one is about is shown as ‹name›. */
export const listed: readonly Listed[] = await everyRemedy();

async function everyRemedy(): Promise<readonly Listed[]> {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(^|\/)remedies\.ts$/.test(name))
    .toSorted();
  const catalogs = await Promise.all(
    files.map(async (file) => {
      const { remedies } = (await import(join(source, file))) as { readonly remedies: Texts };
      return Object.entries(remedies).map(([key, text]) => ({ file, key, ...shown(text) }));
    }),
  );
  return catalogs.flat();
}

function shown(text: Texts[string]): Text {
  return typeof text === 'function' ? text(names as never) : text;
}
