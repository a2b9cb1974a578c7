import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/model/error.ts';
import { isOfInventory, knownChecks } from '../../src/model/preflight-checks.ts';
import { read } from './documents.ts';
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
    const named = tableOf(page, 'check').flatMap(({ check = '' }) =>
      check.split(', ').map((name) => name.replaceAll('`', '').replace(/-N$/, '')),
    );
    // ComponentConfig is reported with the inventory's other problems.
    const checks = knownChecks.filter((name) => !isOfInventory(name)).map((name) => name.replace(/-N$/, ''));
    expect(named.toSorted()).toEqual(checks.toSorted());
  });
});
