import pc from 'picocolors';
import { errorCodes, exitStatus, type ErrorCode } from '../model/error.ts';
import { codesZh } from '../model/language/codes-zh.ts';
import type { Language } from '../model/language/language.ts';
import { words } from '../model/language/words.ts';
import { paragraph } from './paragraph.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

const textsOf = { en: errorCodes, zh: codesZh } as const;

/** Meaning and remedy of one code, in lines of at most `width` columns. */
export const explainText = view(composeExplainText);

function composeExplainText(code: ErrorCode, language: Language, width: number): string {
  const { title, cause, remedy } = textsOf[language][code];
  const { exitStatus: status, whatItMeans, whatToDo } = words[language];
  return [
    `${pc.bold(code)} · ${status} ${errorCodes[code].exit}`,
    paragraph(title, width),
    '',
    whatItMeans,
    paragraph(cause, width, '  '),
    '',
    whatToDo,
    paragraph(remedy, width, '  '),
  ].join('\n');
}

/** Every code with its exit status, then the exit statuses, in lines of at most `width` columns. */
export const codesText = view(composeCodesText);

function composeCodesText(language: Language, width: number): string {
  const { code: codeHead, exit: exitHead, means, moreOfCode, exits } = words[language];
  const codes = Object.keys(errorCodes) as ErrorCode[];
  const rows = codes.map((code) => [code, String(errorCodes[code].exit), textsOf[language][code].title]);
  const statuses = Object.entries(exits).map(([name, meaning]) => [
    String(exitStatus[name as keyof typeof exitStatus]),
    meaning,
  ]);
  return [
    table([[codeHead, exitHead, means], ...rows], new Set([1]), width),
    '',
    table([[exitHead, means], ...statuses], new Set([0]), width),
    '',
    paragraph(moreOfCode, width),
  ].join('\n');
}
