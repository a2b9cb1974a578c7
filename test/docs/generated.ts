import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';
import { expect } from 'vitest';
import { root } from './documents.ts';

/**
 * A part of a document, from `<!-- NAME: generated -->` to `<!-- end -->`, matches the output of the code. With
 * UPDATE_GOLDEN=1 it is rewritten.
 */
export async function expectGenerated(document: string, name: string, text: string): Promise<void> {
  const file = join(root, document);
  const before = readFileSync(file, 'utf8');
  const begin = `<!-- ${name}: generated -->\n`;
  const start = before.indexOf(begin);
  const end = before.indexOf('<!-- end -->', start);
  expect(start, `${document} has no "${begin.trim()}"`).toBeGreaterThan(-1);
  expect(end, `${document} has no end of ${name}`).toBeGreaterThan(start);
  const whole = `${before.slice(0, start)}${begin}\n${text}\n\n${before.slice(end)}`;
  const options = await prettier.resolveConfig(file);
  const wanted = await prettier.format(whole, { ...options, parser: 'markdown' });
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, wanted);
  else
    expect(before, 'meant? UPDATE_GOLDEN=1 npx vitest run --project unit test/docs, and read the diff').toBe(
      wanted,
    );
}

/** A Markdown table; cells are Markdown, with `|` escaped. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
