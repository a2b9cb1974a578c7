import { describe, expect, it } from 'vitest';
import { bounded, logLines, maxLines, maxWidth, someOf } from '../../../src/apply/diagnose/text.ts';

describe('the text of a diagnosis', () => {
  it('keeps the first lines, and counts the others', () => {
    const lines = bounded([
      Array.from({ length: 50 }, (_, i) => `a${i}`),
      Array.from({ length: 50 }, (_, i) => `b${i}`),
    ]).split('\n');
    expect(lines).toHaveLength(maxLines);
    expect(lines[0]).toBe('a0');
    expect(lines.at(-1)).toBe('… 41 more lines are not shown');
  });

  it('keeps both ends of a long line: the cause is often at the end', () => {
    const shown = bounded([[`begin ${'x '.repeat(500)}end`]]);
    expect(shown).toHaveLength(maxWidth);
    expect(shown).toMatch(/^begin x .* … .* end$/);
  });

  it('removes colours, escapes other control characters, and keeps lines intact', () => {
    expect(bounded([['\u001b[31mred\u001b[0m\ta\u0007b\u202e', 'one\ntwo\r\n']])).toBe(
      'red a⟨U+0007⟩b⟨U+202E⟩\none two',
    );
  });

  it('has no secrets, even with control characters in them', () => {
    const shown = bounded([
      [
        'token: hunter2',
        'token: \u001b[1mhunter2',
        '-----BEGIN RSA PRIVATE KEY-----',
        'hunter2',
        '-----END RSA PRIVATE KEY-----',
      ],
    ]);
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('token: (not shown)');
  });

  it('has equal lines of several lookups once', () => {
    expect(bounded([['the API does not answer'], ['x', 'y'], ['the API does not answer'], []])).toBe(
      'the API does not answer\nx\ny',
    );
  });
});

describe('the end of a log', () => {
  it("is without the container runtime's prefix of each line", () => {
    const log = '2026-07-25T10:00:00.1Z stderr F one\n2026-07-25T10:00:00.2Z stdout P two\n\nthree\n';
    expect(logLines(log, 2)).toEqual(['    two', '    three']);
  });

  it('begins with the panic of a Go program, not in the middle of its stack', () => {
    const log = [
      'old',
      'panic: no certificate',
      ...Array.from({ length: 30 }, (_, i) => `main.f(${i})`),
    ].join('\n');
    expect(logLines(log, 3)).toEqual(['    panic: no certificate', '    main.f(0)', '    main.f(1)']);
    expect(logLines('panic: short\nexit 2', 5)).toEqual(['    panic: short', '    exit 2']);
  });

  it('is empty without a log', () => {
    expect(logLines('\n \n', 5)).toEqual([]);
  });
});

it.each([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b', 'c'], 'a, b and c'],
  [['a', 'b', 'c', 'd'], 'a, b, c and 1 other'],
])('names some of %j: %s', (names, text) => {
  expect(someOf(names, 3)).toBe(text);
});
