import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strictJson } from '../../src/store/strict-json.ts';

const read = (text: string): unknown => strictJson(Buffer.from(text), ['digest']);

describe('strict JSON', () => {
  it('is any JSON with each field once', () => {
    fc.assert(
      fc.property(
        // The fields of one object differ in more than case.
        fc.jsonValue().filter((value) => !/"[^"]*[A-Z_][^"]*":/i.test(JSON.stringify(value))),
        (value) => {
          expect(read(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { seed: 14 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'has "a" twice in one object'],
    ['{"a":1,"b":["\\\\",{"x":"}\\""}],"\\u0041":2}', 'has "A" twice in one object'],
    ['{"Digest":1}', 'has "Digest" where it should have "digest"'],
    ['{"a":"\\"', 'is not JSON'],
  ])('%s is refused', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  it('reads a text of any length', () => {
    for (const piece of ['x', '\\"', '\\\\']) {
      const text = `{"digest":"${piece.repeat(10_000_000 / piece.length)}","layers":[]}`;
      expect(read(text)).toHaveProperty('layers', []);
      expect(() => read(text.replace('layers', 'Digest'))).toThrow('twice');
    }
  });

  it('says of an unclosed text that it is not JSON', () => {
    expect(() => read(`["${'\\"'.repeat(1_000_000)}`)).toThrow('is not JSON');
  });
});
