/** `1 host`, `3 hosts`: a number with its noun in singular or plural. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
