/**
 * A short list of names, with consecutive numbers as a range: `w-1 … w-497`. `all` is every host in order; other names
 * are last.
 */
export function hostList(names: readonly string[], all: readonly string[]): string {
  return runs(names, all)
    .flatMap((run) => (run.length > 2 ? [`${run[0] ?? ''} … ${run.at(-1) ?? ''}`] : run))
    .join(', ');
}

/** Names of hosts: all of a few, and those of many with ranges. */
export function namesOf(names: readonly string[]): string {
  return names.length > 8 ? hostList(names, names) : names.join(', ');
}

/** The same in at most `most` words, else only their number. */
export function hostsInShort(names: readonly string[], all: readonly string[], most = 3): string {
  if (names.length === all.length && names.length > 1) return `all ${names.length} hosts`;
  const words = runs(names, all).reduce((sum, run) => sum + Math.min(run.length, 2), 0);
  if (words > most) return `${names.length} hosts`;
  const list = hostList(names, all);
  return names.length > 9 ? `${list} (${names.length})` : list;
}

/** Positions in `all` as ranges, `0-2,5`: for the page's script. */
export function hostRanges(names: readonly string[], position: ReadonlyMap<string, number>): string {
  const numbers = names.flatMap((name) => position.get(name) ?? []).sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',');
}

function runs(names: readonly string[], all: readonly string[]): string[][] {
  const wanted = new Set(names);
  const known = all.filter((name) => wanted.delete(name));
  const result: string[][] = [];
  for (const name of [...known, ...wanted]) {
    const run = result.at(-1);
    if (run !== undefined && follows(run.at(-1) ?? '', name)) run.push(name);
    else result.push([name]);
  }
  return result;
}

/** `w-10` follows `w-9`. */
function follows(before: string, name: string): boolean {
  const [, stem, number] = /^(.*?)(0|[1-9]\d{0,8})$/.exec(before) ?? [];
  return stem !== undefined && name === `${stem}${Number(number) + 1}`;
}
