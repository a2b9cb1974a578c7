import { compiler } from './compiler.ts';
import { blocks, formats, TemplateProblem } from './helpers.ts';

const knownHelpers: Record<string, boolean> = {
  ...Object.fromEntries([...Object.keys(formats), ...blocks].map((name) => [name, true])),
  with: false,
  lookup: false,
  log: false,
};

/**
 * A template as the JavaScript source of an object for handlebars' runtime. Loads the compiler on first call.
 * Throws TemplateProblem or handlebars' own error, both with the line.
 */
export function compile(source: string): string {
  const handlebars = compiler();
  const ast = handlebars.parse(source);
  refuseOthers(ast.body);
  const options = { strict: true, noEscape: true, knownHelpersOnly: true, knownHelpers };
  // Its type says that it returns the object itself; it returns the object's source.
  return handlebars.precompile(ast, options) as unknown as string;
}

/** What handlebars has and templates may not use: each brings in code or text that is not in the file. */
const foreign: Readonly<Record<string, string>> = {
  PartialStatement: 'a partial',
  PartialBlockStatement: 'a partial block',
  Decorator: 'a decorator',
  DecoratorBlock: 'a block decorator',
};

/**
 * A template has text, comments, values in a format, and kboot's blocks. `{{value}}` without a format would let the value
 * break out of the file's syntax.
 */
function refuseOthers(statements: readonly hbs.AST.Statement[]): void {
  for (const statement of statements) {
    const { type, loc } = statement;
    const { line } = loc.start;
    if (type === 'MustacheStatement') {
      const { path, params, hash } = statement as hbs.AST.MustacheStatement;
      const name = helperName(path);
      if (name === undefined || !Object.hasOwn(formats, name) || params.length === 0) {
        const known = Object.keys(formats).map((format) => `{{${format} …}}`);
        throw new TemplateProblem(
          `{{${(path as hbs.AST.PathExpression).original}}} has no format; use one of ${known.join(', ')}`,
          line,
        );
      }
      refuseValues(params, hash, line);
    } else if (type === 'BlockStatement') {
      const { path, params, hash, program, inverse } = statement as hbs.AST.BlockStatement;
      const name = helperName(path);
      if (!blocks.some((block) => block === name))
        throw new TemplateProblem(
          `{{#${path.original}}} is not a block; use one of ${blocks.map((block) => `{{#${block} …}}`).join(', ')}`,
          line,
        );
      refuseValues(params, hash, line);
      refuseOthers(program.body);
      // According to handlebars' types it is always set; it is not.
      refuseOthers((inverse as hbs.AST.Program | undefined)?.body ?? []);
    } else if (type !== 'ContentStatement' && type !== 'CommentStatement') {
      throw new TemplateProblem(
        `${foreign[type] ?? type} is not allowed: a template has values in a format, and {{#${blocks.join('}}, {{#')}}}`,
        line,
      );
    }
  }
}

/** Undefined for what is not one plain word. */
function helperName(path: hbs.AST.Expression): string | undefined {
  if (!isPath(path) || path.parts.length !== 1 || path.depth > 0 || path.data) return undefined;
  return path.parts[0] === path.original ? path.original : undefined;
}

/** Variables that blocks set. */
const dataVariables = ['index', 'first', 'last', 'root'];

/** Values are literals and variables of the template, also in a format. */
function refuseValues(
  params: readonly hbs.AST.Expression[],
  hash: hbs.AST.Hash | undefined,
  line: number,
): void {
  if (hash !== undefined && hash.pairs.length > 0)
    throw new TemplateProblem(`${hash.pairs[0]?.key ?? ''}=… has no meaning here`, line);
  for (const param of params) {
    if (param.type === 'SubExpression') {
      const { path, params: inner, hash: names } = param as hbs.AST.SubExpression;
      const name = helperName(path);
      if (name === undefined || !Object.hasOwn(formats, name) || inner.length === 0)
        throw new TemplateProblem(`(${path.original} …) is not a format`, line);
      refuseValues(inner, names, line);
      continue;
    }
    if (!isPath(param)) continue;
    const { parts, data, original } = param;
    const inherited = parts.find((part) => part in Object.prototype || part === 'prototype');
    if (inherited !== undefined || (data && !dataVariables.includes(parts[0] ?? '')))
      throw new TemplateProblem(`${original} is not a variable of a template`, line);
  }
}

function isPath(value: hbs.AST.Expression): value is hbs.AST.PathExpression {
  return value.type === 'PathExpression';
}
