/** Shell at the beginning of a script: at its end, it prints on stderr what it and its commands took of the CPU. */
export const reportTimes = `trap 'echo "@cpu" >&2; times >&2' EXIT`;

const reported = /@cpu\n((?:\d+m[\d.,]+s ?){2}\n(?:\d+m[\d.,]+s ?){2})\n?$/;

/** stderr of a script without that report, and the seconds; 0 if there is none, since a script may have been killed. */
export function takeTimes(stderr: string): { readonly stderr: string; readonly seconds: number } {
  const found = reported.exec(stderr);
  if (found === null) return { stderr, seconds: 0 };
  return { stderr: stderr.slice(0, found.index), seconds: sumOfTimes((found[1] ?? '').split(/\s+/)) };
}

/** Seconds of the words that a shell's `times` prints: `0m0.120s`. Other words count as nothing. */
export function sumOfTimes(words: readonly string[]): number {
  let total = 0;
  for (const word of words) {
    const [, minutes, seconds] = /^(\d{1,6})m(\d{1,2}[.,]\d{1,9})s$/.exec(word) ?? [];
    if (minutes !== undefined && seconds !== undefined)
      total += Number(minutes) * 60 + Number(seconds.replace(',', '.'));
  }
  return Math.round(total * 1000) / 1000;
}
