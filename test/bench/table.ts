/** Columns side by side: the first to the left, and those from `left` on; numbers between them to the right. */
export function aligned(rows: readonly (readonly string[])[], left = Infinity): string {
  const width = (column: number): number => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 || column >= left ? cell.padEnd(width(column)) : cell.padStart(width(column)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
