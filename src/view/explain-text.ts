import pc from 'picocolors';
import { errorCodes, type ErrorCode } from '../model/error.ts';
import { paragraph } from './paragraph.ts';
import { table } from './table.ts';
import { view } from './printable.ts';

/** Meaning and remedy of one code, in lines of at most `width` columns. */
export const explainText = view(composeExplainText);

function composeExplainText(code: ErrorCode, width: number): string {
  const { exit, title, cause, remedy } = errorCodes[code];
  return [
    `${pc.bold(code)} · exit status ${exit}`,
    paragraph(title, width),
    '',
    'What it means',
    paragraph(cause, width, '  '),
    '',
    'What to do',
    paragraph(remedy, width, '  '),
  ].join('\n');
}

/** One line per code, with its exit status. */
export const codesText = view(composeCodesText);

function composeCodesText(): string {
  const rows = Object.entries(errorCodes).map(([code, { exit, title }]) => [code, String(exit), title]);
  return [
    table([['CODE', 'EXIT', 'MEANS'], ...rows], new Set([1])),
    '',
    '`kboot explain CODE` shows what to do.',
  ].join('\n');
}
