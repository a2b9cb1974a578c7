import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Scalar,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { characterProblem } from './characters.ts';
import { substitute, type Environment } from './environment.ts';
import { describePath, type Path, type Position } from './position.ts';
import type { TakenAt } from './source.ts';
import type { Locate, TextProblem } from './syntax.ts';
import { isRecord } from '../model/record.ts';

const maxDepth = 100;
const maxAliasedNodes = 100_000;

/** How the values of a document are read. */
export interface Reading {
  /** The document in messages: `the inventory` */
  readonly root: string;
  /** What `${NAME}` in a value stands for. */
  readonly env: Environment;
  /** Paths whose values stay as they are. */
  readonly isVerbatim: (path: Path) => boolean;
  /** What is wrong with the characters of a value, as a phrase that follows its name. */
  readonly characters: (text: string, path: Path) => string | undefined;
}

interface Read {
  readonly data: unknown;
  readonly place: Position;
}

/** One pass over the nodes of a document, with its anchors, aliases and merge keys. */
export class Walk {
  readonly problems: TextProblem[] = [];
  readonly unreadable: Path[] = [];
  readonly taken: TakenAt[] = [];
  private readonly document: Document.Parsed;
  private readonly reading: Reading;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private aliasDepth = 0;
  private aliasedNodes = 0;

  private readonly position: Locate;

  constructor(document: Document.Parsed, position: Locate, reading: Reading) {
    this.document = document;
    this.position = position;
    this.reading = reading;
  }

  read(node: unknown, path: Path, key?: number): Read {
    const offset = offsetOfNode(node) ?? key ?? 0;
    if (path.length > maxDepth)
      return this.fail(offset, path, `nested more than ${maxDepth} levels deep`, key);
    if (this.aliasDepth > 0 && ++this.aliasedNodes > maxAliasedNodes) {
      if (this.aliasedNodes > maxAliasedNodes + 1) return this.skip(offset, path, key);
      return this.fail(offset, path, `the aliases of ${this.reading.root} expand to too many values`, key);
    }
    if (isAlias(node)) return this.alias(node.source, offset, path, key);
    if (isMap(node)) return this.within(node, () => this.map(node, offset, path, key));
    if (isSeq(node)) {
      return this.within(node, () => {
        const items = node.items.map((item, index) => this.read(item, [...path, index]));
        const children = new Map(items.map((item, index) => [index, item.place] as const));
        return { data: items.map((item) => item.data), place: place(offset, key, children) };
      });
    }
    if (isScalar(node)) return this.scalar(node, offset, path, key);
    return { data: null, place: place(offset, key) };
  }

  /** Records the anchor, and prevents an alias inside it from referring back to it. */
  private within(node: Node & { anchor?: string }, read: () => Read): Read {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    this.open.add(node);
    const result = read();
    this.open.delete(node);
    return result;
  }

  private alias(name: string, offset: number, path: Path, key: number | undefined): Read {
    const target = this.anchors.get(name);
    if (target === undefined)
      return this.fail(offset, path, `no anchor &${name} is defined before *${name}`, key);
    if (this.open.has(target)) return this.fail(offset, path, `*${name} is used inside its own anchor`, key);
    this.aliasDepth++;
    const result = this.read(target, path, key);
    this.aliasDepth--;
    return result;
  }

  private map(node: YAMLMap, offset: number, path: Path, key: number | undefined): Read {
    const data: Record<string, unknown> = {};
    const children = new Map<string | number, Position>();
    const merged: Read[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const at = offsetOfNode(pair.key) ?? offset;
      const name = keyText(pair.key);
      if (name === undefined || name === '__proto__') {
        this.problems.push({
          offset: at,
          message: `a key in ${describePath(path, this.reading.root)} must be plain text`,
        });
      } else if (characterProblem(name, []) !== undefined) {
        const wrong = characterProblem(name, []) ?? '';
        this.problems.push({
          offset: at,
          message: `a key in ${describePath(path, this.reading.root)} ${wrong}`,
        });
      } else if (name === '<<') {
        merged.push(...this.merges(pair.value, at, path));
      } else if (children.has(name)) {
        const { line } = this.position(children.get(name)?.key ?? offset);
        const message = `duplicate key "${name}" in ${describePath(path, this.reading.root)}; it is already defined on line ${line}`;
        this.problems.push({ offset: at, message });
      } else {
        const value = this.read(pair.value, [...path, name], at);
        data[name] = value.data;
        children.set(name, value.place);
      }
    }
    for (const source of merged) {
      for (const [name, child] of source.place.children) {
        if (children.has(name)) continue;
        data[name] = (source.data as Record<string, unknown>)[name];
        children.set(name, child);
      }
    }
    return { data, place: place(offset, key, children) };
  }

  /** The mappings of a merge key: `<<: *a` or `<<: [*a, *b]`. */
  private merges(value: unknown, offset: number, path: Path): Read[] {
    const sources = isSeq(value) ? value.items : [value];
    return sources.flatMap((source) => {
      const read = this.read(source, path);
      if (isRecord(read.data)) return [read];
      this.problems.push({
        offset,
        message: `"<<" in ${describePath(path, this.reading.root)} must refer to mappings (*anchor)`,
      });
      return [];
    });
  }

  private scalar(node: Scalar, offset: number, path: Path, key: number | undefined): Read {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    let value: unknown = node.value;
    let source = node.source;
    if (typeof value === 'string' && value.includes('${') && !this.reading.isVerbatim(path)) {
      const { text, changed, taken, problems } = substitute(value, this.reading.env);
      if (taken.length > 0) this.taken.push({ path, taken });
      if (problems.length > 0) {
        for (const problem of problems)
          this.problems.push({ offset, message: `${describePath(path, this.reading.root)}: ${problem}` });
        return this.skip(offset, path, key);
      }
      value = changed && node.type === Scalar.PLAIN && node.tag === undefined ? this.retype(text) : text;
      source = text;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return this.fail(
        offset,
        path,
        `${describePath(path, this.reading.root)} must be a finite number, not ${source ?? String(value)}`,
        key,
      );
    }
    const wrong = typeof value === 'string' ? this.reading.characters(value, path) : undefined;
    if (wrong !== undefined)
      return this.fail(offset, path, `${describePath(path, this.reading.root)} ${wrong}`, key);
    return { data: value, place: { ...place(offset, key), ...(source !== undefined && { source }) } };
  }

  /** The value of a plain YAML scalar with this text. */
  private retype(text: string): unknown {
    for (const tag of this.document.schema.tags) {
      if (tag.collection === undefined && tag.default === true && tag.test?.test(text) === true) {
        const value: unknown = tag.resolve(text, () => undefined, this.document.options);
        return isScalar(value) ? value.value : value;
      }
    }
    return text;
  }

  private fail(offset: number, path: Path, message: string, key: number | undefined): Read {
    this.problems.push({ offset, message });
    return this.skip(offset, path, key);
  }

  private skip(offset: number, path: Path, key: number | undefined): Read {
    this.unreadable.push(path);
    return { data: undefined, place: place(offset, key) };
  }
}

const noChildren: ReadonlyMap<string | number, Position> = new Map();

function place(value: number, key: number | undefined, children = noChildren): Position {
  return { value, ...(key !== undefined && { key }), children };
}

/** Where a node begins. */
export function offsetOfNode(node: unknown): number | undefined {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range?.[0];
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.value === null ? undefined : key.source;
}
