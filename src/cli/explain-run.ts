import { nearest } from '../inventory/nearest.ts';
import { errorCodes, KbootError, type ErrorCode } from '../model/error.ts';
import { codesText, explainText } from '../view/explain-text.ts';
import type { ExplainArgs } from './args.ts';
import { languageOfRun } from './language.ts';
import { event, print, terminalWidth } from './terminal.ts';
import { remedies } from './remedies.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

/** Prints one code, or the list of all; JSON is always English. Throws KbootError E-USAGE for an unknown code, and suggests the nearest. */
export function runExplain({ code, output, lang = languageOfRun() }: ExplainArgs): void {
  const found = code === undefined ? undefined : codeNamed(code);
  if (output === 'json') {
    for (const each of found === undefined ? codes : [found])
      event({ type: 'explanation', code: each, ...errorCodes[each] });
  } else if (found === undefined) {
    // One line per code for grep.
    print(codesText(lang, process.stdout.isTTY ? terminalWidth() : Infinity));
  } else print(explainText(found, lang, terminalWidth()));
}

function codeNamed(word: string): ErrorCode {
  const wanted = `E-${word.toUpperCase().replace(/^E-/, '')}`;
  const found = codes.find((code) => code === wanted);
  if (found !== undefined) return found;
  const near = nearest(wanted, codes);
  throw new KbootError(
    'E-USAGE',
    `"${word}" is not an error code of kboot${near === undefined ? '.' : `; did you mean ${near}?`}`,
    { remedy: remedies.listCodes },
  );
}
