import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { errorCodes, exitStatus, type ErrorCode } from '../../src/model/error.ts';
import { codesZh } from '../../src/model/language/codes-zh.ts';
import { words } from '../../src/model/language/words.ts';
import { knownChecks } from '../../src/model/preflight-checks.ts';
import { blemishes } from '../model/language/chinese.ts';
import { listed } from '../model/language/remedies.ts';
import { chineseDocuments, read } from './documents.ts';
import { expectGenerated, markdownTable } from './generated.ts';
import { anchorsOf, linksToHeadings } from './markdown.ts';
import { tableOf } from './tables.ts';

/** A page without its code blocks, comments and targets of links; code spans stay as Latin words. */
function proseOf(markdown: string): string {
  return (
    markdown
      .replaceAll(/^ *```\w*\n[^]*?^ *```$/gm, '')
      .replaceAll(/<!--.*?-->/g, '')
      .replaceAll(/\]\([^)]*\)/g, ']')
      // Markdown wants a space between a full stop in bold and the text behind it.
      .replaceAll('。** ', '。')
      .replaceAll(/[[\]*]/g, '')
      .replaceAll(/ +\|/g, ' |')
  );
}

const glossary = tableOf(read('docs/zh/glossary.md'), 'English');
const unused = glossary.flatMap(({ 不用的译法: variants = '' }) =>
  variants.split('、').map((variant) => variant.trim()),
);

describe.each(chineseDocuments)('%s', (name) => {
  const page = read(name);

  it('is Chinese, and well set', () => {
    expect(page).toMatch(/^# .*(kboot|\p{Script=Han})/u);
    expect(blemishes(proseOf(page))).toEqual([]);
  });

  it('uses the terms of the glossary', () => {
    const text = name.endsWith('glossary.md') ? '' : page;
    expect(unused.filter((variant) => variant !== '' && text.includes(variant))).toEqual([]);
  });

  it('has links to headings that exist', () => {
    const broken = linksToHeadings(page).filter(({ file, anchor }) => {
      const path = file === '' ? name : join(dirname(name), file);
      return !anchorsOf(read(path)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('the first pages link to each other', () => {
  expect(read('README.md')).toContain('[简体中文](README.zh-CN.md)');
  expect(read('README.zh-CN.md')).toContain('[English](README.md)');
  const pages = chineseDocuments.filter((name) => name.startsWith('docs/'));
  expect(pages.filter((name) => !read('README.zh-CN.md').includes(`](${name})`))).toEqual([]);
});

it('the glossary has every term once', () => {
  expect(glossary.length).toBeGreaterThan(40);
  const terms = glossary.map(({ English }) => English);
  expect(new Set(terms).size).toBe(terms.length);
});

describe('docs/zh/troubleshooting.md', () => {
  const document = 'docs/zh/troubleshooting.md';

  it('lists every code with its title, and every exit status', async () => {
    const codes = Object.entries(errorCodes).map(([code, { exit }]) => [
      `\`${code}\``,
      String(exit),
      codesZh[code as ErrorCode].title,
    ]);
    const { code, exit, means } = words.zh;
    await expectGenerated(document, 'codes', markdownTable([[code, exit, means], ...codes]));
    const statuses = Object.entries(exitStatus).map(([name, status]) => [
      String(status),
      words.zh.exits[name as keyof typeof exitStatus],
    ]);
    await expectGenerated(document, 'exit statuses', markdownTable([[exit, means], ...statuses]));
  });

  it('mentions every code', () => {
    const page = read(document);
    const told = page.slice(0, page.indexOf('<!-- codes'));
    expect(Object.keys(errorCodes).filter((code) => !told.includes(code))).toEqual([]);
  });
});

it('checks that docs/zh/troubleshooting.md names exist', () => {
  const named = tableOf(read('docs/zh/troubleshooting.md'), '检查项').flatMap(({ 检查项: check = '' }) =>
    check.split('、').map((name) => name.replaceAll('`', '')),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !knownChecks.includes(name))).toEqual([]);
});

it('docs/zh/messages.md lists every remedy in both languages', async () => {
  const files = [...new Set(listed.map(({ file }) => file))];
  const cell = (text: string): string =>
    text.replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('\n', '<br>');
  const parts = files.map((file) => {
    const rows = listed.filter((each) => each.file === file).map(({ en, zh }) => [cell(en), cell(zh)]);
    return `## src/${dirname(file)}\n\n${markdownTable([['English', '中文'], ...rows])}`;
  });
  await expectGenerated('docs/zh/messages.md', 'remedies', parts.join('\n\n'));
});
