import * as fc from 'fast-check';
import stringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { fit } from '../../src/view/fit.ts';
import { paragraph } from '../../src/view/paragraph.ts';
import { table } from '../../src/view/table.ts';
import { wrap } from '../../src/view/wrap.ts';

const text =
  '消息会指出哪个词有误；`kboot COMMAND --help` 列出有效的写法（在 cron、CI 等没有终端的环境中，先看过计划，再用 `--yes` 代替回答）。';

describe('Chinese text', () => {
  it('is broken by columns, not by letters, and not at spaces only', () => {
    expect(paragraph(text, 30, '  ').split('\n')).toMatchInlineSnapshot(`
      [
        "  消息会指出哪个词有误；\`kboot",
        "  COMMAND --help\` 列出有效的写",
        "  法（在 cron、CI 等没有终端的",
        "  环境中，先看过计划，再用",
        "  \`--yes\` 代替回答）。",
      ]
    `);
  });

  it('fits a terminal with its indent, colours included', () => {
    const lines = fit(`  \u001B[2m${text}\u001B[22m`, 40).split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(stringWidth(line)).toBeLessThanOrEqual(40);
      expect(line).toMatch(/^ {2}\S/);
    }
  });

  it('is aligned in tables', () => {
    expect(
      table([
        ['名称', 'X'],
        ['n', 'y'],
      ]),
    ).toBe('名称  X\nn     y');
  });

  it('any text: no line is too wide, none begins with a comma, and nothing is lost', () => {
    const unit = fc.constantFrom('主', '机', '，', '。', '（', '）', 'a', 'up', ' ', '`', '“', '”', '、');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), fc.integer({ min: 24, max: 60 }), (units, width) => {
        // A word of Latin letters, or a row of commas, may be longer than a line.
        const given = units.join('').trim();
        fc.pre(!/[^\s\p{Script=Han}]{10}/u.test(given));
        const lines = wrap(given, width);
        expect(lines.join('').replaceAll(/\s/g, '')).toBe(given.replaceAll(/\s/g, ''));
        for (const [index, line] of lines.entries()) {
          expect(stringWidth(line)).toBeLessThanOrEqual(width);
          // Unless there was a space before it.
          if (index > 0 && !/\s[，。）、]/.test(given)) expect(line).not.toMatch(/^[，。）、]/);
        }
      }),
    );
  });
});
