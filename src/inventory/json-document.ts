import { characterProblem } from './characters.ts';
import { describePath, type Position } from './position.ts';
import { unreadDocument, type SourceDocument } from './source.ts';
import type { Locate, TextProblem } from './syntax.ts';

const maxDepth = 100;

/**
 * Reads a JSON text (RFC 8259), with the position of each value. A key that stands twice in an object is a problem. What
 * YAML readers need seconds for, such as the state of Terraform, takes milliseconds here. `root` names it in messages.
 */
export function readJson(text: string, root: string): SourceDocument {
  const position = locateIn(text);
  try {
    const reader = new JsonReader(text, root);
    const { data, place } = reader.document();
    return { data, place, problems: reader.problems, unreadable: [], taken: [], position };
  } catch (error) {
    if (error instanceof NotJson) return unreadDocument([error.problem], position);
    throw error;
  }
}

/** Lines and columns, both 1-based, of offsets in a text. */
export function locateIn(text: string): Locate {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= lineStarts(text);
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: Math.min(offset, text.length) - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

class NotJson extends Error {
  readonly problem: TextProblem;

  constructor(offset: number, message: string) {
    super(message);
    this.problem = { offset, message };
  }
}

interface Read {
  readonly data: unknown;
  readonly place: Position;
}

const none: ReadonlyMap<string | number, Position> = new Map();
const blank = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

class JsonReader {
  readonly problems: TextProblem[] = [];
  private readonly text: string;
  private readonly root: string;
  private at = 0;
  /** Of the value that is being read. */
  private readonly path: (string | number)[] = [];

  constructor(text: string, root: string) {
    this.text = text;
    this.root = root;
    // A byte order mark is not part of the text.
    if (text.startsWith('\uFEFF')) this.at = 1;
  }

  document(): Read {
    this.skip();
    if (this.at === this.text.length) throw new NotJson(0, `${this.root} is empty`);
    const read = this.value(undefined);
    this.skip();
    if (this.at < this.text.length) throw this.unexpected('the end of the text');
    return read;
  }

  private value(key: number | undefined): Read {
    if (this.path.length > maxDepth)
      throw new NotJson(this.at, `${this.root} is nested more than ${maxDepth} levels deep`);
    const value = this.at;
    const leaf = (data: unknown): Read => ({ data, place: placeOf(value, key, none) });
    switch (this.text[this.at]) {
      case '{':
        return this.object(key);
      case '[':
        return this.array(key);
      case '"':
        return leaf(this.string());
      case undefined:
      default: {
        const found = this.match(number);
        if (found !== undefined && !Number.isFinite(Number(found)))
          throw new NotJson(value, 'this number is too large');
        if (found !== undefined) return leaf(Number(found));
        const literal = this.match(word);
        if (literal !== undefined) return leaf(words[literal]);
        throw this.unexpected('a value');
      }
    }
  }

  private within(step: string | number, key: number | undefined): Read {
    this.path.push(step);
    const read = this.value(key);
    this.path.pop();
    return read;
  }

  private object(key: number | undefined): Read {
    const start = this.at;
    const data: Record<string, unknown> = {};
    const children = new Map<string | number, Position>();
    this.items('}', () => {
      const at = this.at;
      if (this.text[at] !== '"') throw this.unexpected('a key in double quotes');
      const name = this.string();
      this.skip();
      this.expect(':');
      this.skip();
      const child = this.within(name, at);
      const wrong = name === '__proto__' ? 'must be plain text' : characterProblem(name, []);
      if (wrong !== undefined)
        this.problems.push({
          offset: at,
          message: `a key in ${describePath(this.path, this.root)} ${wrong}`,
        });
      else if (children.has(name))
        this.problems.push({
          offset: at,
          message: `duplicate key "${name}" in ${describePath(this.path, this.root)}`,
        });
      else {
        data[name] = child.data;
        children.set(name, child.place);
      }
    });
    return { data, place: placeOf(start, key, children) };
  }

  private array(key: number | undefined): Read {
    const start = this.at;
    const data: unknown[] = [];
    const children = new Map<string | number, Position>();
    this.items(']', () => {
      const child = this.within(data.length, undefined);
      children.set(data.length, child.place);
      data.push(child.data);
    });
    return { data, place: placeOf(start, key, children) };
  }

  /** Items between brackets, with commas between them. */
  private items(end: string, read: () => void): void {
    const open = this.at++;
    this.skip();
    if (this.text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      read();
      this.skip();
      const next = this.text[this.at];
      if (next === end) {
        this.at++;
        return;
      }
      if (next === undefined)
        throw new NotJson(open, `${this.root} is cut off: this ${this.text[open] ?? ''} is never closed`);
      if (next !== ',') throw this.unexpected(`"," or "${end}"`);
      this.at++;
      this.skip();
    }
  }

  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end >= 0 && this.isEscaped(end, start)) end = this.text.indexOf('"', end + 1);
    if (end < 0) throw new NotJson(start, `${this.root} is cut off: this text is never closed`);
    this.at = end + 1;
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw new NotJson(start, 'this text has a line break, a control character or an unknown \\ in it');
    }
  }

  private isEscaped(at: number, start: number): boolean {
    let count = 0;
    while (at - count - 1 > start && this.text[at - count - 1] === '\\') count++;
    return count % 2 === 1;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private skip(): void {
    this.match(blank);
  }

  private expect(char: string): void {
    if (this.text[this.at] !== char) throw this.unexpected(`"${char}"`);
    this.at++;
  }

  private unexpected(what: string): NotJson {
    return new NotJson(
      this.at,
      this.at >= this.text.length
        ? `${this.root} is cut off: ${what} is missing at its end`
        : `JSON needs ${what} here`,
    );
  }
}

function placeOf(
  value: number,
  key: number | undefined,
  children: ReadonlyMap<string | number, Position>,
): Position {
  return { value, ...(key !== undefined && { key }), children };
}
