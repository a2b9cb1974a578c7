/** Rows of the Markdown table whose first column has the heading `head`, keyed by column headings. */
export function tableOf(markdown: string, head: string): readonly Readonly<Record<string, string>>[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === head);
  if (start < 0) throw new Error(`no table begins with "${head}"`);
  const heads = cellsOf(lines[start] ?? '');
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows
    .slice(0, end < 0 ? undefined : end)
    .map((line) => Object.fromEntries(cellsOf(line).map((cell, index) => [heads[index] ?? '', cell])));
}

function cellsOf(line: string): readonly string[] {
  return line.startsWith('|')
    ? line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
    : [];
}

/** Brace expansion as in a shell: `a{b,c}d` is `abd`, `acd`. */
export function expandBraces(text: string): readonly string[] {
  const [, before = '', choices, after = ''] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(text) ?? [];
  if (choices === undefined) return [text];
  return choices.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}
