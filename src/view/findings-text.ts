import pc from 'picocolors';
import type { Finding } from '../plan/finding.ts';

/** Preflight findings, all at once: host, what, what to do, and the name that ignores it. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.map(({ host, level, message, remedy, check }) => {
    const mark = level === 'error' ? pc.red('✗') : pc.yellow('!');
    return `${mark} ${host}: ${message}\n    ${remedy} ${pc.dim(`(${check})`)}`;
  });
  return lines.join('\n');
}
