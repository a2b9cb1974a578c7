import { isDeceptive, visibleLine } from '../model/visible.ts';
import type { Path } from './position.ts';

/** What is wrong with the characters of a key or a text at a path, as a phrase that follows its name; undefined: nothing. */
export function characterProblem(text: string, path: Path): string | undefined {
  if (isContent(path)) return undefined;
  if (isDeceptive(text)) {
    const [character = ''] = /U\+[0-9A-F]+/.exec(visibleLine(text.replaceAll(/[\n\t]/g, ''))) ?? [];
    return `must not contain ${character}, which a terminal obeys or does not show`;
  }
  if (hasLines(path) || !/[\n\t]/.test(text)) return undefined;
  return `must not contain ${text.includes('\n') ? 'a line break' : 'a tab'}`;
}

/** Bytes for a file on hosts; the plan shows what does not show by itself. */
function isContent([spec, list, , field]: Path): boolean {
  return spec === 'spec' && list === 'files' && field === 'content';
}

/** Scripts, server blocks, and the components' own configuration: certificates and long expressions in it. */
function hasLines(path: Path): boolean {
  const [spec, list, item, field] = path;
  if (spec !== 'spec') return false;
  if (list === 'hooks') return field === 'run' || field === 'unless';
  if (list === 'apiServer' && (item === 'authentication' || item === 'authorization'))
    return field !== 'file';
  return list === 'dns' || path.includes('config');
}
