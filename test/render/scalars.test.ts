import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { bareWord, environmentValue, jsonScalar, systemdWord, yamlScalar } from '../../src/render/scalars.ts';

/** Any well-formed text, with what breaks formats well represented. */
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      ...Array.from('"\'\\\n\r\t: #{}[]-?&*!|>%@`$,=~.019axnoyet\u0085\u2028\ufeff\u007f\u0000'),
    ),
  }),
);
const awkward = [
  '',
  'no',
  'Yes',
  'null',
  'e1',
  'E-2',
  '~',
  '1',
  '0x1f',
  '1e3',
  '.5',
  '1:20',
  '2001-12-14',
  '-',
  '---',
  '- a',
  'a: b',
  'a #b',
  '<<',
  '=',
  '::',
  '[::1]:80',
  '10.0.0.1',
  '1.2.3',
  '${x}',
  '{{x}}',
  ' a',
  'a ',
  "it's",
];

describe('yamlScalar', () => {
  const places: readonly [string, (text: string) => string, (document: unknown) => unknown][] = [
    ['alone', (text) => text, (document) => document],
    ['as a value', (text) => `a:\n  b: ${text}\n  c: 1\n`, (d) => (d as { a: { b: unknown } }).a.b],
    ['in a list', (text) => `a:\n- ${text}\n- z\n`, (d) => (d as { a: unknown[] }).a[0]],
    ['as a key', (text) => `${text}: 1\n`, (d) => Object.keys(d as object)[0]],
  ];
  it.each(places)('reads back exactly, %s, in YAML 1.1 and 1.2', (_, write, read) => {
    const check = (value: string): void => {
      const text = write(yamlScalar(value));
      for (const version of ['1.1', '1.2'] as const) {
        expect(read(parseYaml(text, { version, merge: false }))).toBe(value);
      }
    };
    awkward.forEach(check);
    fc.assert(fc.property(hostile, check), { numRuns: 300 });
  });

  it('keeps numbers and booleans as such', () => {
    expect(parseYaml(`[${yamlScalar(6443)}, ${yamlScalar(true)}]`)).toEqual([6443, true]);
    expect(() => yamlScalar(Number.NaN)).toThrow(RangeError);
  });

  it('chooses the quotes of go-yaml', () => {
    const styles = [
      ['--controllers=*,bootstrapsigner', '--controllers=*,bootstrapsigner'],
      ['https://[fd00::1]:2379', 'https://[fd00::1]:2379'],
      ['[fd00::1]:6443', "'[fd00::1]:6443'"],
      ['::', "'::'"],
      ['::1', '::1'],
      ['10.99.7.11:6443', '10.99.7.11:6443'],
      ['', '""'],
      ['2', '"2"'],
      ['true', '"true"'],
    ];
    for (const [value, text] of styles) expect(yamlScalar(value ?? '')).toBe(text);
  });
});

describe('jsonScalar', () => {
  it('reads back exactly as JSON, as TOML and in a YAML flow collection', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        const text = jsonScalar(value);
        expect(JSON.parse(text)).toBe(value);
        expect(parseToml(`a = ${text}\nb = 1\n`)).toEqual({ a: value, b: 1 });
        expect(parseYaml(`[${text}, {x: ${text}}]`)).toEqual([value, { x: value }]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('systemdWord', () => {
  /** systemd.service(5): quotes and C escapes, then `$$` and `%%`. */
  function read(word: string): string {
    const unquoted = word.startsWith('"') ? (JSON.parse(word) as string) : word;
    expect(unquoted).not.toMatch(/(?<!%)%(?:%%)*(?!%)/);
    return unquoted.replaceAll('$$', '$').replaceAll('%%', '%');
  }

  it('stays one word that contains the value', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !text.includes('\0')),
        (value) => {
          const word = systemdWord(value);
          expect(read(word)).toBe(value);
          expect(word).toMatch(/^(?:[^\s"'\\]+|"(?:[^"\\\n]|\\.)*")$/u);
        },
      ),
      { numRuns: 300 },
    );
    expect(() => systemdWord('\0')).toThrow(RangeError);
  });
});

describe('environmentValue', () => {
  it('is one quoted line that contains the value', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !/[\0-\x1f\x7f]/.test(text)),
        (value) => {
          const text = environmentValue(value);
          expect(text).toMatch(/^"(?:[^"\\$`\n]|\\["\\$`])*"$/u);
          expect(text.slice(1, -1).replace(/\\(["\\$`])/g, '$1')).toBe(value);
        },
      ),
    );
    expect(() => environmentValue('a\nB=1')).toThrow(RangeError);
  });
});

describe('bareWord', () => {
  it('accepts names and refuses everything else', () => {
    for (const word of ['net.ipv4.ip_forward', 'br_netfilter', 'cluster.local', '1'])
      expect(bareWord(word)).toBe(word);
    for (const word of ['', 'a b', 'a\nb', 'a{', 'a;b', '#a', 'a"'])
      expect(() => bareWord(word)).toThrow(RangeError);
  });
});
