import type { Path } from './position.ts';

/** Whether the value at a path keeps its own `${…}`: shell commands, files for hosts, the command that lists the hosts. */
export function isVerbatim([spec, list, index, field]: Path): boolean {
  if (spec !== 'spec') return false;
  if (list === 'hooks') return field === 'run' || field === 'unless';
  if (list === 'hostsFrom') return index === 'command';
  return list === 'files' && field === 'content';
}
