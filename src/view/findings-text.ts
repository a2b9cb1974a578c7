import { namesOf } from './host-list.ts';
import pc from 'picocolors';
import type { Finding } from '../plan/preflight/finding.ts';
import { groupBy } from './group.ts';
import { view } from './printable.ts';

/** All preflight findings: hosts, message, remedy, and the name of the check to ignore. */
export const findingsText = view(composeFindingsText);

function composeFindingsText(findings: readonly Finding[]): string {
  return groupBy(findings, (finding) => JSON.stringify({ ...finding, host: '' }))
    .map(text)
    .join('\n');
}

function text(alike: readonly [Finding, ...Finding[]]): string {
  const [{ level, message, remedy, check }] = alike;
  const mark = level === 'error' ? pc.red('✗') : pc.yellow('!');
  return `${mark} ${namesOf(alike.map(({ host }) => host))}: ${message}\n    ${remedy} ${pc.dim(`(${check})`)}`;
}
