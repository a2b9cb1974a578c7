/*
 * Counts what a function does with strings, lists and maps, in characters and elements: a bound that does not depend on the
 * machine. What a regular expression does inside counts as one look at its text.
 */

let count = 0;

type Method = (this: { length?: number }, ...given: unknown[]) => unknown;

/** Replaces methods by ones that count; `weight` is what a call costs. */
function counting(
  prototype: object,
  names: readonly PropertyKey[],
  weight: (self: { length?: number }, given: readonly unknown[], result: unknown) => number,
): () => void {
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)] as const);
  for (const [name, descriptor] of before) {
    const method = descriptor?.value as Method;
    Object.defineProperty(prototype, name, {
      ...descriptor,
      value(this: { length?: number }, ...given: unknown[]): unknown {
        const result = method.apply(this, given);
        count += 1 + weight(this, given, result);
        return result;
      },
    });
  }
  return () => {
    for (const [name, descriptor] of before) Object.defineProperty(prototype, name, descriptor ?? {});
  };
}

const whole = ({ length = 0 }: { length?: number }): number => length;
const made = (_self: unknown, _given: unknown, result: unknown): number =>
  (result as { length?: number }).length ?? 0;

/** A search that goes on where the last one ended looks at the text from there; a sticky one only there. */
function countingExec(): () => void {
  const exec = Object.getOwnPropertyDescriptor(RegExp.prototype, 'exec')
    ?.value as typeof RegExp.prototype.exec;
  RegExp.prototype.exec = function (this: RegExp, text: string): RegExpExecArray | null {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const result = exec.call(this, text);
    if (this.sticky) count += 1 + (result?.[0].length ?? 0);
    else
      count += 1 + (this.global && result !== null ? this.lastIndex - from : Math.max(0, text.length - from));
    return result;
  };
  return () => {
    RegExp.prototype.exec = exec;
  };
}

/** How many characters and elements `action` looks at. */
export function operations(action: () => void): number {
  count = 0;
  const restore = [
    counting(
      String.prototype,
      ['split', 'replace', 'replaceAll', 'match', 'trim', 'toLowerCase', 'includes'],
      whole,
    ),
    counting(String.prototype, ['slice', 'trimStart', 'trimEnd'], made),
    counting(String.prototype, ['indexOf', 'lastIndexOf'], (self, [, from = 0], result) =>
      (result as number) < 0 ? whole(self) - Number(from) : Math.abs((result as number) - Number(from)),
    ),
    countingExec(),
    counting(
      Array.prototype,
      [
        'map',
        'filter',
        'flatMap',
        'some',
        'every',
        'find',
        'includes',
        'indexOf',
        'concat',
        'join',
        'sort',
        'toSorted',
      ],
      whole,
    ),
    counting(Array.prototype, ['push'], () => 0),
    counting(Array.prototype, [Symbol.iterator], whole),
    counting(Map.prototype, ['get', 'set', 'has'], () => 0),
    counting(Set.prototype, ['add', 'has'], () => 0),
  ];
  try {
    action();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
  return count;
}
