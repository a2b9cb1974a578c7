import { readFileSync, statSync } from 'node:fs';
import type { HostsText } from '../inventory/hosts-from.ts';
import { unreadable } from './file-error.ts';

const mostBytes = 16 * 1024 * 1024;

/** The text of the file that spec.hostsFrom names, in UTF-8, or why it cannot be read. */
export function readHostsText(path: string): HostsText {
  try {
    const found = statSync(path);
    if (found.isFile() && found.size > mostBytes) return { problem: 'is larger than 16 MiB' };
    if (!found.isFile() && !found.isDirectory()) return { problem: 'is not a file' };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (cause) {
    return { problem: cause instanceof TypeError ? 'is not UTF-8 text' : unreadable(cause) };
  }
}
