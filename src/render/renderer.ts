import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { KbootError } from '../model/error.ts';
import { packageRoot } from '../model/package-root.ts';
import { blocks, createEnvironment, formats, TemplateProblem } from './helpers.ts';
import type { Renderer, TemplateParams, TemplatePath } from './params.ts';

/** kboot's own templates: beside src/ in the repository, beside dist/ in the package. */
export const ownTemplates = join(packageRoot, 'templates');

const knownHelpers: Record<string, boolean> = {
  ...Object.fromEntries([...Object.keys(formats), ...blocks].map((name) => [name, true])),
  with: false,
  lookup: false,
  log: false,
};

interface Compiled {
  readonly file: string;
  readonly source: string;
  readonly fill: (params: object) => string;
  /** What it was last filled with, and what that gave: most files are the same on every host. */
  last?: { readonly params: string; readonly text: string };
}

/**
 * Reads and compiles each template when it is first rendered. Files below `templatesDir` replace kboot's
 * own of the same relative path; one that replaces nothing throws E-TEMPLATE at once (a misspelt name
 * would otherwise do nothing, silently), as does a folder that does not exist.
 * Importing this module loads handlebars: do it with `await import()` where start-up time counts.
 */
export function createRenderer(options: { readonly templatesDir?: string } = {}): Renderer {
  const overrides =
    options.templatesDir === undefined ? new Map<string, string>() : listOverrides(options.templatesDir);
  const environment = createEnvironment();
  const compiled = new Map<string, Compiled>();

  function load(path: TemplatePath): Compiled {
    const file = overrides.get(path) ?? join(ownTemplates, path);
    let source = '';
    try {
      source = readFileSync(file, 'utf8');
      const ast = environment.parse(source);
      refuseBareValues(ast.body);
      const fill = environment.compile(ast, {
        strict: true,
        noEscape: true,
        knownHelpersOnly: true,
        knownHelpers,
      });
      return { file, source, fill };
    } catch (error) {
      throw failure(file, source, error);
    }
  }

  return {
    render<P extends TemplatePath>(path: P, params: TemplateParams[P]): string {
      let template = compiled.get(path);
      if (template === undefined) {
        template = load(path);
        compiled.set(path, template);
      }
      const key = JSON.stringify(params);
      if (template.last?.params === key) return template.last.text;
      try {
        const text = template.fill(params);
        template.last = { params: key, text };
        return text;
      } catch (error) {
        throw failure(template.file, template.source, error);
      }
    },
  };
}

function listOverrides(dir: string): Map<string, string> {
  if (!existsSync(dir)) {
    throw new KbootError('E-TEMPLATE', `spec.templates: there is no folder ${dir}`, {
      remedy: 'Create it, correct the path, or leave spec.templates out.',
    });
  }
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.hbs'),
  );
  const found = new Map(files.map((name) => [name.split(sep).join('/'), join(dir, name)]));
  const stray = [...found.keys()].filter((path) => !existsSync(join(ownTemplates, path)));
  if (stray.length > 0) {
    throw new KbootError('E-TEMPLATE', `spec.templates: no template of kboot is called ${stray.join(', ')}`, {
      detail: `in ${dir}`,
      remedy: "Give the file the path of the template that it replaces, below kboot's templates/ folder.",
    });
  }
  return found;
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
          `{{${name}}} states no format; use one of ${known.join(', ')}`,
          loc.start.line,
        );
      }
    } else if (statement.type === 'BlockStatement') {
      const { program, inverse } = statement as hbs.AST.BlockStatement;
      refuseBareValues(program.body);
      // The type of handlebars says that it is always there; it is not.
      refuseBareValues((inverse as hbs.AST.Program | undefined)?.body ?? []);
    }
  }
}

function failure(file: string, source: string, error: unknown): KbootError {
  const message = error instanceof Error ? error.message : String(error);
  const line = error instanceof TemplateProblem ? error.line : (error as { lineNumber?: number }).lineNumber;
  const text = line === undefined ? undefined : source.split('\n')[line - 1]?.trim();
  return new KbootError('E-TEMPLATE', `template ${file}${line === undefined ? '' : `:${line}`}: ${message}`, {
    ...(text === undefined ? {} : { detail: text }),
    remedy: 'Correct the template; src/render/params.ts lists the variables of each.',
    cause: error,
  });
}
