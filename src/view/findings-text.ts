import { namesOf } from './host-list.ts';
import pc from 'picocolors';
import type { Language } from '../model/language/language.ts';
import type { Finding } from '../plan/preflight/finding.ts';
import { groupBy } from './group.ts';
import { view } from './printable.ts';

/** All preflight findings: hosts, message, remedy, and the name of the check to ignore. */
export const findingsText = view(composeFindingsText);

function composeFindingsText(findings: readonly Finding[], language: Language = 'en'): string {
  return groupBy(findings, (finding) => JSON.stringify({ ...finding, host: '' }))
    .map((alike) => text(alike, language))
    .join('\n');
}

function text(alike: readonly [Finding, ...Finding[]], language: Language): string {
  const [first] = alike;
  const { level, message, check } = first;
  const remedy = first.remedyText[language];
  const mark = level === 'error' ? pc.red('✗') : pc.yellow('!');
  return `${mark} ${namesOf(alike.map(({ host }) => host))}: ${message}\n    ${remedy} ${pc.dim(`(${check})`)}`;
}
