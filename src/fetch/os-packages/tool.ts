import { KbootError } from '../../model/error.ts';
import type { Text } from '../../model/language/text.ts';
import { child } from '../../transport/child.ts';

/** A program of this machine that fetches packages, and what its failures mean. */
export interface Tool {
  /** `Debian 12` */
  readonly title: string;
  /** What to do if the program is not on this machine. */
  readonly without: Text;
  /** Whether it lacks a part without which it cannot do this, by what it printed on stderr. */
  readonly lacks?: (stderr: string) => boolean;
  /** What a line of its output says about a failure. */
  readonly reason: (line: string) => string | undefined;
  /** What to do if it fails. */
  readonly failed: Text;
}

/** Runs a program. Returns what it printed on stdout. Throws KbootError E-USAGE if this machine lacks it, E-FETCH if it fails. */
export async function runTool(tool: Tool, program: string, words: readonly string[]): Promise<string> {
  const run = child(
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: '1800s' },
    { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  );
  const { exitCode, stdout, stderr } = await run`${program} ${words}`;
  if (exitCode === 0) return stdout;
  if (exitCode === 127 || tool.lacks?.(stderr) === true)
    throw new KbootError('E-USAGE', `packages of ${tool.title} need ${program} on this machine`, {
      remedy: tool.without,
    });
  const reasons = `${stdout}\n${stderr}`.split('\n').flatMap((line) => tool.reason(line) ?? []);
  throw new KbootError('E-FETCH', `packages of ${tool.title}: ${reasons.at(-1) ?? `${program} failed`}`, {
    detail: reasons.slice(0, 8).join('\n'),
    remedy: tool.failed,
  });
}
