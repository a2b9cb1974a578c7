import type { YAMLError } from 'yaml';

/** A problem with a position in the text but no value: syntax, duplicate keys, missing variables. */
export interface TextProblem {
  readonly offset: number;
  readonly message: string;
}

/** Line and column of an offset, both 1-based. */
export type Locate = (offset: number) => { readonly line: number; readonly column: number };

/** Errors independent of each other; any other error disturbs the parsing of the text after it. */
const independent: readonly YAMLError['code'][] = ['TAB_AS_INDENT', 'TAG_RESOLVE_FAILED'];

/**
 * The errors that the user has to fix: every independent error, at most one per line; or else only the first error,
 * because later ones are mostly its consequences.
 */
export function explainSyntax(
  errors: readonly YAMLError[],
  text: string,
  position: Locate,
): readonly TextProblem[] {
  const sorted = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  const alone = sorted.filter((error) => independent.includes(error.code));
  const telling = new Map<number, TextProblem>();
  for (const error of alone.length > 0 ? alone : sorted.slice(0, 1)) {
    const offset = error.pos[0];
    const { line } = position(offset);
    if (!telling.has(line)) telling.set(line, { offset, message: explain(error, text) });
  }
  return [...telling.values()];
}

function explain(error: YAMLError, text: string): string {
  const [offset] = error.pos;
  if (text[offset] === '{' && text[offset - 1] === '$') {
    return 'quote "${…}" inside { } and [ ], where braces have a special meaning in YAML';
  }
  if (error.message.startsWith('Missing closing')) return 'a quote opened earlier is still open here';
  if (error.message.startsWith('All mapping items must'))
    return 'this line is not indented like the lines above that it belongs to';
  if (/^Flow \w+ in block collection/.test(error.message)) return 'a [ or { above is still open here';
  const known = syntaxMessages[error.code];
  if (known !== undefined) return known;
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return `${error.message.replace(/^Unresolved tag: /, 'tags such as ')} are not supported`;
  }
  return `YAML syntax: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
}

/** Errors whose wording in the library is only clear to those who know its parser. */
const syntaxMessages: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a tab used for indentation; YAML allows only spaces',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line; quote the value if it contains ": "',
  MULTILINE_IMPLICIT_KEY: 'no ": " after this key',
  RESOURCE_EXHAUSTION: 'nested too deeply',
};
