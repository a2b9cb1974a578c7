/** The first `shown` of the items, and the number of the others: `a, b and 3 more`. */
export function few(items: readonly string[], shown: number): string {
  const rest = items.length - shown;
  return `${items.slice(0, shown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
