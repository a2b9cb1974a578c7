import type { KbootError } from '../model/error.ts';

const lastLines = 20;
const firstLines = 60;

/**
 * The lines of an error's detail that a reader gets: of a command's output the last 20, and the first 60 of what
 * explains a wait that failed, which begins with what matters most. A line that is repeated is shown once, with a count.
 */
export function detailLines({ code, context: { detail = '' } }: KbootError): string[] {
  const text = detail.trimEnd();
  if (text.trim() === '') return [];
  const lines = once(text.split('\n'));
  return code === 'E-WAIT' ? lines.slice(0, firstLines) : lines.slice(-lastLines);
}

/** Lines that follow themselves stand once, and how often. */
function once(lines: readonly string[]): string[] {
  const runs: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.times++;
    else runs.push({ line, times: 1 });
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${line} (${times} times)`));
}
