/** `1 host`, `3 hosts`: a number and what it counts, for people. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
