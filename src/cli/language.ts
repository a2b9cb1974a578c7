import { languageOf, languages, type Language } from '../model/language/language.ts';

/** The language of this run: `--lang`, else that of the environment. */
export function languageOfRun(argv: readonly string[] = process.argv): Language {
  const given = argv.map((word, index) =>
    word === '--lang' ? argv[index + 1] : /^--lang=(.*)/.exec(word)?.[1],
  );
  return languages.find((language) => given.includes(language)) ?? languageOf((name) => process.env[name]);
}
