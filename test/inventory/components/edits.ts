import fc from 'fast-check';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');

/** A name with one letter inserted, removed or replaced. */
export function oneEdit(name: string): fc.Arbitrary<string> {
  return fc
    .record({
      at: fc.nat(name.length - 1),
      letter: fc.constantFrom(...letters),
      how: fc.constantFrom('insert', 'remove', 'replace'),
    })
    .map(({ at, letter, how }) => {
      const rest = name.slice(how === 'insert' ? at : at + 1);
      return name.slice(0, at) + (how === 'remove' ? '' : letter) + rest;
    })
    .filter((wrong) => wrong !== name && wrong !== '');
}

/** Whether two names differ by at most one letter, apart from case. */
export function isOneEditApart(a: string, b: string): boolean {
  const [short = '', long = ''] = [a.toLowerCase(), b.toLowerCase()].sort((x, y) => x.length - y.length);
  let same = 0;
  while (same < short.length && short[same] === long[same]) same++;
  if (long.length - short.length > 1) return false;
  return short.slice(short.length === long.length ? same + 1 : same) === long.slice(same + 1);
}
