import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  Scalar,
  type Document,
  type Node,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { characterProblem } from './characters.ts';
import { substitute, type Environment, type Taken } from './environment.ts';
import { foreignFile, foreignText } from './foreign-file.ts';
import { describePath, type Path, type Position } from './position.ts';
import { explainSyntax, type Locate, type TextProblem } from './syntax.ts';

export interface SourceDocument {
  /** JSON-shaped; undefined where the text could not be read. */
  readonly data: unknown;
  readonly place: Position;
  readonly problems: readonly TextProblem[];
  /** Paths whose value could not be read; no further problems are reported for them. */
  readonly unreadable: readonly Path[];
  /** What values have of the environment, by path. */
  readonly taken: readonly TakenAt[];
  /** 1-based. */
  readonly position: Locate;
}

/** What the value at a path has of the environment. */
export interface TakenAt {
  readonly path: Path;
  readonly taken: readonly Taken[];
}

const maxDepth = 100;
const maxAliasedNodes = 100_000;

/** Words for a kind of file in messages. */
export interface FileWords {
  /** `the inventory` */
  readonly name: string;
  /** The command that writes one. */
  readonly writtenBy: string;
}

const inventoryWords: FileWords = { name: 'the inventory', writtenBy: 'kboot init' };

/**
 * Reads one YAML 1.2 document, with anchors, aliases and merge keys, and substitutes environment variables in its
 * values (not in keys or comments). Plain scalars are typed after that, so `port: ${PORT}` is a number; quoted and
 * block scalars stay strings. Values at verbatim paths are left unchanged.
 */
export function readDocument(
  text: string,
  env: Environment,
  isVerbatim: (path: Path) => boolean = () => false,
  words: FileWords = inventoryWords,
): SourceDocument {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const position: Locate = (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const unread = (problems: readonly TextProblem[]): SourceDocument => ({
    data: undefined,
    place: { value: 0, children: new Map() },
    problems,
    unreadable: [],
    taken: [],
    position,
  });

  const syntax = documents.flatMap((document: Document.Parsed) => [...document.errors, ...document.warnings]);
  if (syntax.length > 0) {
    const foreign = words === inventoryWords ? foreignText(text) : undefined;
    return unread(
      foreign === undefined ? explainSyntax(syntax, text, position) : [{ offset: 0, message: foreign }],
    );
  }

  const written = documents.filter((document: Document.Parsed) => !isEmpty(document.contents));
  const [first, second] = written;
  if (first === undefined) {
    return unread([
      { offset: 0, message: `${words.name} is empty; \`${words.writtenBy}\` writes a new one` },
    ]);
  }
  const foreign = words === inventoryWords ? foreignFile(topLevel(first)) : undefined;
  if (foreign !== undefined) return unread([{ offset: offsetOfNode(first.contents) ?? 0, message: foreign }]);
  if (second !== undefined) {
    const offset = offsetOfNode(second.contents) ?? 0;
    return unread([{ offset, message: `${words.name} must be one YAML document; a second one starts here` }]);
  }
  const walk = new Walk(first, env, position, isVerbatim, words.name);
  const place = walk.read(first.contents, []);
  return { ...place, problems: walk.problems, unreadable: walk.unreadable, taken: walk.taken, position };
}

/** Top-level keys of a document, as far as they show which tool it is for: scalars, and whether a value is a list. */
function topLevel({ contents }: Document.Parsed): unknown {
  if (!isMap(contents)) return undefined;
  return Object.fromEntries(
    contents.items.map(({ key, value }) => [
      isScalar(key) ? String(key.value) : '',
      isScalar(value) ? value.value : isSeq(value) ? [] : {},
    ]),
  );
}

function isEmpty(node: ParsedNode | null): boolean {
  return node === null || (isScalar(node) && node.value === null && node.source === '');
}

interface Read {
  readonly data: unknown;
  readonly place: Position;
}

/** One pass over the nodes of a document. */
class Walk {
  readonly problems: TextProblem[] = [];
  readonly unreadable: Path[] = [];
  readonly taken: TakenAt[] = [];
  private readonly document: Document.Parsed;
  private readonly env: Environment;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private aliasDepth = 0;
  private aliasedNodes = 0;

  private readonly position: Locate;

  private readonly isVerbatim: (path: Path) => boolean;

  private readonly root: string;

  constructor(
    document: Document.Parsed,
    env: Environment,
    position: Locate,
    isVerbatim: (path: Path) => boolean,
    root: string,
  ) {
    this.root = root;
    this.isVerbatim = isVerbatim;
    this.document = document;
    this.env = env;
    this.position = position;
  }

  read(node: unknown, path: Path, key?: number): Read {
    const offset = offsetOfNode(node) ?? key ?? 0;
    if (path.length > maxDepth)
      return this.fail(offset, path, `nested more than ${maxDepth} levels deep`, key);
    if (this.aliasDepth > 0 && ++this.aliasedNodes > maxAliasedNodes) {
      if (this.aliasedNodes > maxAliasedNodes + 1) return this.skip(offset, path, key);
      return this.fail(offset, path, 'the aliases of this inventory expand to too many values', key);
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
          message: `a key in ${describePath(path, this.root)} must be plain text`,
        });
      } else if (characterProblem(name, []) !== undefined) {
        const wrong = characterProblem(name, []) ?? '';
        this.problems.push({
          offset: at,
          message: `a key in ${describePath(path, this.root)} ${wrong}`,
        });
      } else if (name === '<<') {
        merged.push(...this.merges(pair.value, at, path));
      } else if (children.has(name)) {
        const { line } = this.position(children.get(name)?.key ?? offset);
        const message = `duplicate key "${name}" in ${describePath(path, this.root)}; it is already defined on line ${line}`;
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
      if (typeof read.data === 'object' && read.data !== null && !Array.isArray(read.data)) return [read];
      this.problems.push({
        offset,
        message: `"<<" in ${describePath(path, this.root)} must refer to mappings (*anchor)`,
      });
      return [];
    });
  }

  private scalar(node: Scalar, offset: number, path: Path, key: number | undefined): Read {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    let value: unknown = node.value;
    let source = node.source;
    if (typeof value === 'string' && value.includes('${') && !this.isVerbatim(path)) {
      const { text, changed, taken, problems } = substitute(value, this.env);
      if (taken.length > 0) this.taken.push({ path, taken });
      if (problems.length > 0) {
        for (const problem of problems)
          this.problems.push({ offset, message: `${describePath(path, this.root)}: ${problem}` });
        return this.skip(offset, path, key);
      }
      value = changed && node.type === Scalar.PLAIN && node.tag === undefined ? this.retype(text) : text;
      source = text;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return this.fail(
        offset,
        path,
        `${describePath(path, this.root)} must be a finite number, not ${source ?? String(value)}`,
        key,
      );
    }
    const wrong = typeof value === 'string' ? characterProblem(value, path) : undefined;
    if (wrong !== undefined) return this.fail(offset, path, `${describePath(path, this.root)} ${wrong}`, key);
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

function offsetOfNode(node: unknown): number | undefined {
  const range = (node as Partial<Node> | null | undefined)?.range;
  return range?.[0];
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.value === null ? undefined : key.source;
}
