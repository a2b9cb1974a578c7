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
  refuseBareValues(ast.body);
  const options = { strict: true, noEscape: true, knownHelpersOnly: true, knownHelpers };
  // Its type says that it returns the object itself; it returns the object's source.
  return handlebars.precompile(ast, options) as unknown as string;
}

/** `{{value}}` without a format would let the value break out of the file's syntax. */
function refuseBareValues(statements: readonly hbs.AST.Statement[]): void {
  for (const statement of statements) {
    if (statement.type === 'MustacheStatement') {
      const { path, params, loc } = statement as hbs.AST.MustacheStatement;
      const name = (path as hbs.AST.PathExpression).original;
      if (!(name in formats) || params.length === 0) {
        const known = Object.keys(formats).map((format) => `{{${format} …}}`);
        throw new TemplateProblem(
          `{{${name}}} has no format; use one of ${known.join(', ')}`,
          loc.start.line,
        );
      }
    } else if (statement.type === 'BlockStatement') {
      const { program, inverse } = statement as hbs.AST.BlockStatement;
      refuseBareValues(program.body);
      // According to handlebars' types it is always set; it is not.
      refuseBareValues((inverse as hbs.AST.Program | undefined)?.body ?? []);
    }
  }
}
