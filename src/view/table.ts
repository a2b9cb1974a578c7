import { columnsOf, wrap } from './wrap.ts';

/** Fewer columns are too few for text: a longer line is better. */
const narrowest = 20;

/**
 * Rows in columns, two spaces apart; columns in `right` are right-aligned. The first row is the header. The last column is
 * wrapped where lines would be wider than `width`.
 */
export function table(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
  width = Infinity,
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell))));
  const indent = widths.slice(0, -1).reduce((sum, columns) => sum + columns + 2, 0);
  const room = Math.max(narrowest, width - indent);
  return rows
    .flatMap((row) => {
      const last = widths.length - 1;
      const [first = '', ...more] = wrap(row[last] ?? '', room);
      const line = row
        .map((cell, column) => (column === last ? first : cell))
        .map((cell, column) => {
          const padding = ' '.repeat((widths[column] ?? 0) - columnsOf(cell));
          return right.has(column) ? padding + cell : cell + padding;
        })
        .join('  ')
        .trimEnd();
      return [line, ...more.map((text) => ' '.repeat(indent) + text)];
    })
    .join('\n');
}
