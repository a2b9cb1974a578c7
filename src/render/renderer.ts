import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { runInThisContext } from 'node:vm';
import { KbootError } from '../model/error.ts';
import { listOwn, packageRoot, readOwn } from '../model/own-files.ts';
import { compile } from './compile.ts';
import { createEnvironment, TemplateProblem } from './helpers.ts';
import type { Renderer, TemplateParams, TemplatePath } from './params.ts';
import { precompiled } from './precompiled.ts';
import { remedies } from './remedies.ts';

/** kboot's own templates: beside src/ in the repository, beside dist/ in the package. */
export const ownTemplates = join(packageRoot, 'templates');

interface Compiled {
  readonly file: string;
  readonly fill: (params: object) => string;
  /** The last parameters and the result for them: most files are the same on every host. */
  last?: { readonly params: string; readonly text: string };
}

/**
 * Reads and compiles a template when it is first rendered, unless it was precompiled by the build. Files below
 * `templatesDir` replace kboot's own of the same relative path; one that replaces nothing throws E-TEMPLATE at once
 * (a misspelt name would otherwise be silently ignored), as does a folder that does not exist.
 */
export function createRenderer(options: { readonly templatesDir?: string } = {}): Renderer {
  const overrides =
    options.templatesDir === undefined ? new Map<string, string>() : listOverrides(options.templatesDir);
  const environment = createEnvironment();
  const compiled = new Map<string, Compiled>();

  function load(path: TemplatePath): Compiled {
    const override = overrides.get(path);
    const file = override ?? join(ownTemplates, path);
    try {
      const built = override === undefined ? precompiled[path] : undefined;
      return { file, fill: environment.template(built ?? programOf(file)) };
    } catch (error) {
      throw failure(file, error);
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
        throw failure(template.file, error);
      }
    },
  };
}

function programOf(file: string): TemplateSpecification {
  return runInThisContext(`(${compile(textOf(file))})`, file) as TemplateSpecification;
}

/** Text of every template that would be rendered, by its path; those in `templatesDir` replace kboot's own. */
export function templateTexts(templatesDir?: string): ReadonlyMap<string, string> {
  const own = listOwn(ownTemplates).map((path) => [path, join(ownTemplates, path)] as const);
  const overrides = templatesDir === undefined ? [] : listOverrides(templatesDir);
  return new Map([...new Map([...own, ...overrides])].sort().map(([path, file]) => [path, textOf(file)]));
}

function textOf(file: string): string {
  return file.startsWith(ownTemplates) ? readOwn(file) : readFileSync(file, 'utf8');
}

function listOverrides(dir: string): Map<string, string> {
  if (!existsSync(dir)) {
    throw new KbootError('E-TEMPLATE', `spec.templates: the folder ${dir} does not exist`, {
      remedy: remedies.createFolder,
    });
  }
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.hbs'),
  );
  const found = new Map(files.map((name) => [name.split(sep).join('/'), join(dir, name)]));
  refuseLinksOut(dir, files);
  const own = new Set(listOwn(ownTemplates));
  const stray = [...found.keys()].filter((path) => !own.has(path));
  if (stray.length > 0) {
    throw new KbootError('E-TEMPLATE', `spec.templates: kboot has no template ${stray.join(', ')}`, {
      detail: `in ${dir}`,
      remedy: remedies.samePath,
    });
  }
  return found;
}

/** Throws KbootError E-TEMPLATE for links that lead out of the folder: who wrote the inventory could have any file rendered. */
function refuseLinksOut(dir: string, names: readonly string[]): void {
  const inside = join(realpathSync(dir), sep);
  const leadOut = names.filter((name) => realPath(join(dir, name))?.startsWith(inside) !== true);
  if (leadOut.length === 0) return;
  throw new KbootError(
    'E-TEMPLATE',
    `spec.templates: ${leadOut.join(', ')} ${leadOut.length === 1 ? 'leads' : 'lead'} out of the folder`,
    {
      detail: `in ${dir}`,
      remedy: remedies.copyIntoFolder,
    },
  );
}

/** undefined: the link leads nowhere. */
function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function failure(file: string, error: unknown): KbootError {
  const message = error instanceof Error ? error.message : String(error);
  const line = error instanceof TemplateProblem ? error.line : (error as { lineNumber?: number }).lineNumber;
  const text = line === undefined ? undefined : textOf(file).split('\n')[line - 1]?.trim();
  return new KbootError('E-TEMPLATE', `template ${file}${line === undefined ? '' : `:${line}`}: ${message}`, {
    ...(text === undefined ? {} : { detail: text }),
    remedy: remedies.correctTemplate,
    cause: error,
  });
}
