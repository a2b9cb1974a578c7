import type { KbootError } from '../model/error.ts';

const lastLines = 20;
const firstLines = 60;

/**
 * The lines of an error's detail that are shown: the last 20 of a command's output, or the first 60 of the diagnosis of
 * a failed wait or drain, which begins with the most important ones. A repeated line is shown once, with a count.
 */
export function detailLines({ code, context: { detail = '' } }: KbootError): string[] {
  const text = detail.trimEnd();
  if (text.trim() === '') return [];
  const lines = once(text.split('\n'));
  return code === 'E-WAIT' || code === 'E-DRAIN' ? lines.slice(0, firstLines) : lines.slice(-lastLines);
}

/** Repeated lines once, with a count. */
function once(lines: readonly string[]): string[] {
  const runs: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.times++;
    else runs.push({ line, times: 1 });
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${line} (${times} times)`));
}
