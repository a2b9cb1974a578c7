import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { formats } from '../../src/render/helpers.ts';
import type { TemplatePath } from '../../src/render/params.ts';
import { createRenderer, ownTemplates } from '../../src/render/renderer.ts';
import { examples } from './examples.ts';

const paths = Object.keys(examples) as TemplatePath[];

/** Variables that a template reads, each with the example value that it finds, or a complaint. */
function unknownVariables(path: TemplatePath): readonly string[] {
  const complaints: string[] = [];

  function lookUp(expression: hbs.AST.Expression, scopes: readonly unknown[]): unknown {
    if (expression.type !== 'PathExpression') return undefined;
    const { original, parts, depth, data, loc } = expression as hbs.AST.PathExpression;
    if (data) return undefined;
    let value = scopes[scopes.length - 1 - depth];
    for (const part of parts) {
      if (typeof value !== 'object' || value === null || !(part in value)) {
        complaints.push(`${path}:${loc.start.line}: ${original}`);
        return undefined;
      }
      value = (value as Record<string, unknown>)[part];
    }
    return value;
  }

  function walk(program: hbs.AST.Program | undefined, scopes: readonly unknown[]): void {
    for (const statement of program?.body ?? []) {
      if (statement.type === 'MustacheStatement') {
        for (const param of (statement as hbs.AST.MustacheStatement).params) lookUp(param, scopes);
      } else if (statement.type === 'BlockStatement') {
        const block = statement as hbs.AST.BlockStatement;
        const [value] = block.params.map((param) => lookUp(param, scopes));
        const isEach = block.path.original === 'each';
        // An empty list in the example leaves the body of #each unchecked, unless its items are scalars.
        walk(block.program, isEach ? [...scopes, (value as unknown[] | undefined)?.[0]] : scopes);
        walk(block.inverse, scopes);
      }
    }
  }

  walk(Handlebars.parse(readFileSync(join(ownTemplates, path), 'utf8')), [examples[path]]);
  return complaints;
}

describe('templates', () => {
  it('each have parameters, and all parameters have a template', () => {
    const files = readdirSync(ownTemplates, { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.hbs'),
    );
    expect(paths.filter((path) => !files.includes(path))).toEqual([]);
    // Other layers may have templates of their own; these are the ones of this layer.
    const folders = new Set(paths.map((path) => path.split('/').slice(0, -1).join('/')));
    const ours = files.filter((file) => folders.has(file.split('/').slice(0, -1).join('/')));
    expect(ours.filter((file) => !(file in examples))).toEqual([]);
  });

  it.each(paths)('%s reads only variables that its parameters have', (path) => {
    expect(unknownVariables(path)).toEqual([]);
  });

  it.each(paths)('%s renders into its format', (path) => {
    const text = createRenderer().render(path, examples[path]);
    expect(text).not.toContain('{{');
    expect(text.endsWith('\n')).toBe(true);
    if (path.endsWith('.yaml.hbs')) {
      for (const document of parseAllDocuments(text)) {
        expect(document.errors).toEqual([]);
        expect(document.warnings).toEqual([]);
      }
    } else if (path.endsWith('.toml.hbs'))
      expect(Object.keys(parseToml(text))).toContain(path.includes('hosts') ? 'host' : 'version');
    else expect(text).not.toMatch(/\n\n\n/);
  });

  it('escape each value: YAML templates by YAML, units by systemd', () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      yaml: ['yaml', 'json', 'word'],
      toml: ['toml'],
      service: ['systemd', 'assignment'],
    };
    for (const path of paths) {
      const extension = path.split('.').at(-2) ?? '';
      const used = Handlebars.parse(readFileSync(join(ownTemplates, path), 'utf8'));
      const names = [...JSON.stringify(used).matchAll(/"original":"(\w+)"/g)].map((match) => match[1] ?? '');
      for (const name of names.filter((n) => n in formats)) {
        expect(allowed[extension] ?? Object.keys(formats), `${path}: {{${name}}}`).toContain(name);
      }
    }
  });
});
