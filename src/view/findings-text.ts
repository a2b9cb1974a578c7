import pc from 'picocolors';
import type { Finding } from '../plan/finding.ts';

/** Preflight findings, all at once: hosts, what, what to do, and the name that ignores it. */
export function findingsText(findings: readonly Finding[]): string {
  const groups = new Map<string, { readonly finding: Finding; readonly hosts: string[] }>();
  for (const finding of findings) {
    const key = JSON.stringify({ ...finding, host: '' });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { finding, hosts: [finding.host] });
    else group.hosts.push(finding.host);
  }
  return [...groups.values()].map(text).join('\n');
}

function text({ finding, hosts }: { readonly finding: Finding; readonly hosts: readonly string[] }): string {
  const mark = finding.level === 'error' ? pc.red('✗') : pc.yellow('!');
  return `${mark} ${hosts.join(', ')}: ${finding.message}\n    ${finding.remedy} ${pc.dim(`(${finding.check})`)}`;
}
