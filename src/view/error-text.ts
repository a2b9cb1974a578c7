import pc from 'picocolors';
import type { ErrorCode, KbootError } from '../model/error.ts';
import { codesZh } from '../model/language/codes-zh.ts';
import type { Language } from '../model/language/language.ts';
import { detailLines } from './detail-lines.ts';
import { groupBy } from './group.ts';
import { namesOf } from './host-list.ts';
import { view } from './printable.ts';

/** What a message in English is about, for those who read Chinese: the title of its code. */
const explained: Readonly<Record<Language, (code: ErrorCode) => string>> = {
  en: (code) => `(${code}, \`kboot explain ${code}\`)`,
  zh: (code) => `（${code}：${codesZh[code].title}\`kboot explain ${code}\`）`,
};

const sameOn: Readonly<Record<Language, (hosts: string) => string>> = {
  en: (hosts) => `The same on ${hosts}.`,
  zh: (hosts) => `以下主机上的错误相同：${hosts}。`,
};

/** Errors of hosts, each once: hosts that failed with the same text, apart from their address, are listed below the first. */
export const errorsText = view(composeErrorsText);

function composeErrorsText(errors: Iterable<KbootError>, language: Language = 'en'): string {
  return groupBy([...errors], wordsOf)
    .map(([first, ...others]) => errorText(first, language, others))
    .join('\n');
}

function wordsOf({ code, message, context: { host = '', step, detail, remedy } }: KbootError): string {
  const words = JSON.stringify([code, step, message, detail, remedy]);
  return host === '' ? words : words.replaceAll(/[^\s"\\]+:\d+\b/g, 'ADDRESS');
}

/** An error for the user: host, step, message, remedy in a language; and `others` that failed the same way. */
export const errorText = view(composeErrorText);

function composeErrorText(
  error: KbootError,
  language: Language = 'en',
  others: readonly KbootError[] = [],
): string {
  const { host, step } = error.context;
  const remedy = error.context.remedyText?.[language];
  if (error.code === 'E-INVENTORY')
    return [error.message, ...(remedy === undefined ? [] : [remedy])].join('\n');
  const where = [host, step].filter((part) => part !== undefined).join(' · ');
  const head = where === '' ? error.message : `${where}\n  ${error.message}`;
  return [
    `${pc.red('✗')} ${head}`,
    ...detailLines(error).map((line) => pc.dim(`    ${line}`)),
    ...(remedy === undefined || remedy === '' ? [] : remedy.split('\n').map((line) => `  ${line}`)),
    ...(others.length === 0
      ? []
      : [`  ${sameOn[language](namesOf(others.map(({ context }) => context.host ?? '')))}`]),
    pc.dim(`  ${explained[language](error.code)}`),
  ].join('\n');
}
