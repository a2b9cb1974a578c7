import { describe, expect, it } from 'vitest';
import { readdirSync } from 'node:fs';
import { errorCodes } from '../../src/model/error.ts';
import { read, root } from './documents.ts';
import { expectGenerated, markdownTable } from './generated.ts';
import { tableOf } from './tables.ts';

const document = 'docs/troubleshooting.md';
const page = read(document);

describe(document, () => {
  it('lists every code with its title', async () => {
    const rows = Object.entries(errorCodes).map(([code, { exit, title }]) => [
      `\`${code}\``,
      String(exit),
      title,
    ]);
    await expectGenerated(document, 'codes', markdownTable([['code', 'status', 'what it means'], ...rows]));
  });

  it('mentions every code', () => {
    const told = page.slice(0, page.indexOf('<!-- codes'));
    expect(Object.keys(errorCodes).filter((code) => !told.includes(code))).toEqual([]);
  });

  it('has a row for exactly the preflight checks', () => {
    const sources = readdirSync(`${root}/src/plan`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(`src/plan/${name}`));
    const checks = sources.flatMap((text) =>
      [...text.matchAll(/check: [`'](\w+)|'(\w+)',\s+'(?:machine-id|product_uuid)'/g)].map(
        ([, name, unique]) => name ?? unique ?? '',
      ),
    );
    const named = tableOf(page, 'check').flatMap(({ check = '' }) =>
      check.split(', ').map((name) => name.replaceAll('`', '').replace(/-N$/, '')),
    );
    expect(named.toSorted()).toEqual([...new Set(checks)].toSorted());
  });
});
