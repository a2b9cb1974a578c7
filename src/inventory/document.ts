import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type ParsedNode,
  type ScalarTag,
} from 'yaml';
import { characterProblem } from './characters.ts';
import type { Environment } from './environment.ts';
import { foreignFile, foreignText } from './foreign-file.ts';
import type { Path } from './position.ts';
import { unreadDocument, type SourceDocument } from './source.ts';
import { explainSyntax, type Locate, type TextProblem } from './syntax.ts';
import { offsetOfNode, Walk, type Reading } from './walk.ts';

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
  const { documents, syntax, position } = parsed(text);
  const unread = (offset: number, message: string): SourceDocument =>
    unreadDocument([{ offset, message }], position);
  if (syntax.length > 0) {
    const foreign = words === inventoryWords ? foreignText(text) : undefined;
    return foreign === undefined ? unreadDocument(syntax, position) : unread(0, foreign);
  }
  const [first, second] = documents;
  if (first === undefined)
    return unread(0, `${words.name} is empty; \`${words.writtenBy}\` writes a new one`);
  const foreign = words === inventoryWords ? foreignFile(topLevel(first)) : undefined;
  if (foreign !== undefined) return unread(offsetOfNode(first.contents) ?? 0, foreign);
  if (second !== undefined)
    return unread(
      offsetOfNode(second.contents) ?? 0,
      `${words.name} must be one YAML document; a second one starts here`,
    );
  return walked(first, position, { root: words.name, env, isVerbatim, characters: characterProblem });
}

/**
 * Reads every YAML document of a text of another tool. Values stay as they are: `$` has no meaning. A text that cannot
 * be read is one document with problems. `tags`: of that tool, besides those of YAML.
 */
export function readDocuments(
  text: string,
  root: string,
  tags: readonly ScalarTag[] = [],
): readonly SourceDocument[] {
  const { documents, syntax, position } = parsed(text, tags);
  if (syntax.length > 0) return [unreadDocument(syntax, position)];
  const reading: Reading = { root, env: {}, isVerbatim: () => true, characters: () => undefined };
  return documents.map((document) => walked(document, position, reading));
}

/** The documents that are not empty. */
function parsed(
  text: string,
  tags: readonly ScalarTag[] = [],
): {
  readonly documents: readonly Document.Parsed[];
  readonly syntax: readonly TextProblem[];
  readonly position: Locate;
} {
  const lines = new LineCounter();
  const all: readonly Document.Parsed[] = parseAllDocuments(text, {
    ...{ lineCounter: lines, prettyErrors: false, uniqueKeys: false },
    customTags: [...tags],
  });
  const position: Locate = (offset) => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors = all.flatMap(({ errors: own, warnings }) => [...own, ...warnings]);
  return {
    documents: all.filter(({ contents }) => !isEmpty(contents)),
    syntax: errors.length > 0 ? explainSyntax(errors, text, position) : [],
    position,
  };
}

function walked(document: Document.Parsed, position: Locate, reading: Reading): SourceDocument {
  const walk = new Walk(document, position, reading);
  const read = walk.read(document.contents, []);
  return { ...read, problems: walk.problems, unreadable: walk.unreadable, taken: walk.taken, position };
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
