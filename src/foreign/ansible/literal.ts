/*
 * What Ansible makes of a value in an INI file: ast.literal_eval of Python, or else the text as it is. Numbers that
 * JavaScript cannot hold, and what is neither of the two, stay text.
 */

/** The value of a Python literal; a text that is not a literal stays as it is. */
export function pythonValue(text: string): unknown {
  const reader = new Literal(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NoLiteral) return text;
    throw error;
  }
}

class NoLiteral extends Error {}

const maxDepth = 50;
const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const whole = /[+-]?(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0+|[1-9](?:_?\d)*)(?![\w.])/y;
const float =
  /[+-]?(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*|\d(?:_?\d)*(?=[eE]))(?:[eE][+-]?\d+)?(?![\w.])/y;
const name = /[A-Za-z_]\w*/y;
const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\u0007' },
  ...{ '\\': '\\', "'": "'", '"': '"', '\n': '' },
};

class Literal {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): unknown {
    // Leading blanks are indentation, which literal_eval strips.
    this.blank();
    const value = this.value(0);
    this.blank();
    // Python's own comments end a literal, too.
    if (this.at < this.text.length && this.text[this.at] !== '#') throw new NoLiteral();
    return value;
  }

  private value(depth: number): unknown {
    if (depth > maxDepth) throw new NoLiteral();
    switch (this.text[this.at]) {
      case '[':
        return this.items(']', depth).items;
      case '(': {
        const { items, trailing } = this.items(')', depth);
        return items.length === 1 && !trailing ? items[0] : items;
      }
      case '{':
        return this.braces(depth);
      case "'":
      case '"':
        return this.strings();
      case undefined:
      default: {
        const fraction = this.match(float);
        if (fraction !== undefined) return Number(fraction.replaceAll('_', ''));
        const digits = this.match(whole);
        if (digits !== undefined) return wholeNumber(digits);
        const word = this.match(name) ?? '';
        if (!words.has(word)) throw new NoLiteral();
        return words.get(word);
      }
    }
  }

  private items(end: string, depth: number): { readonly items: unknown[]; readonly trailing: boolean } {
    const items: unknown[] = [];
    let trailing = false;
    this.at++;
    for (;;) {
      this.blank();
      if (this.text[this.at] === end) {
        this.at++;
        return { items, trailing };
      }
      if (items.length > 0 && !trailing) throw new NoLiteral();
      items.push(this.value(depth + 1));
      this.blank();
      trailing = this.text[this.at] === ',';
      if (trailing) this.at++;
    }
  }

  /** A dict, or a set as a list. */
  private braces(depth: number): unknown {
    const keys: unknown[] = [];
    const entries: [string, unknown][] = [];
    this.at++;
    for (;;) {
      this.blank();
      if (this.text[this.at] === '}') {
        this.at++;
        break;
      }
      const key = this.value(depth + 1);
      keys.push(key);
      this.blank();
      if (this.text[this.at] === ':') {
        this.at++;
        this.blank();
        if (typeof key === 'object' && key !== null) throw new NoLiteral();
        entries.push([String(key), this.value(depth + 1)]);
        this.blank();
      }
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== '}') throw new NoLiteral();
    }
    if (entries.length === keys.length) return Object.fromEntries(entries);
    if (entries.length > 0) throw new NoLiteral();
    return keys;
  }

  /** Strings one after another are one. */
  private strings(): string {
    let joined = '';
    while (this.text[this.at] === "'" || this.text[this.at] === '"') {
      joined += this.string();
      this.blank();
    }
    return joined;
  }

  private string(): string {
    const quote = this.text[this.at] ?? '';
    // Three quotes begin a text of several lines, which a value in one line is not.
    if (this.text.startsWith(quote.repeat(3), this.at)) throw new NoLiteral();
    let read = '';
    for (this.at++; this.text[this.at] !== quote; this.at++) {
      const char = this.text[this.at];
      if (char === undefined) throw new NoLiteral();
      read += char === '\\' ? this.escape() : char;
    }
    this.at++;
    return read;
  }

  private escape(): string {
    const char = this.text[++this.at] ?? '';
    const coded = /x[\da-fA-F]{2}|u[\da-fA-F]{4}|[0-7]{1,3}/y;
    coded.lastIndex = this.at;
    const code = coded.exec(this.text)?.[0];
    if (code === undefined) {
      if (char === 'x' || char === 'u' || char === 'U' || char === 'N') throw new NoLiteral();
      return escapes[char] ?? `\\${char}`;
    }
    this.at += code.length - 1;
    return String.fromCharCode(
      /^[xu]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8),
    );
  }

  private blank(): void {
    while (/[ \t\n\r\f]/.test(this.text[this.at] ?? '')) this.at++;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

/** A number that JavaScript cannot hold exactly stays text. */
function wholeNumber(digits: string): number {
  const plain = digits.replaceAll('_', '').replace(/^\+/, '');
  const value = plain.startsWith('-') ? -Number(plain.slice(1)) : Number(plain);
  if (!Number.isSafeInteger(value)) throw new NoLiteral();
  return value === 0 ? 0 : value;
}
