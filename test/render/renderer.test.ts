import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { createRenderer } from '../../src/render/renderer.ts';

const path = 'containerd/crictl.yaml.hbs';
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-templates-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function write(name: string, text: string): void {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  writeFileSync(join(dir, name), text);
}

function render(text: string, params: object = {}): string {
  write(path, text);
  return createRenderer({ templatesDir: dir }).render(path, params as { endpoint: string });
}

function failure(run: () => unknown): KbootError {
  try {
    run();
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a replaced template', () => {
  it('is used instead of kboot’s own, the others stay', () => {
    write(path, 'mine: {{yaml endpoint}}\n');
    const renderer = createRenderer({ templatesDir: dir });
    expect(renderer.render(path, { endpoint: 'x' })).toBe('mine: x\n');
    expect(renderer.render('host/modules.conf.hbs', { modules: ['overlay'] })).toBe('overlay\n');
  });

  it('that replaces nothing is refused at once, by name', () => {
    write('containerd/crictl.yml.hbs', 'a');
    const error = failure(() => createRenderer({ templatesDir: dir }));
    expect(error).toMatchObject({ code: 'E-TEMPLATE' });
    expect(error.message).toContain('containerd/crictl.yml.hbs');
  });

  it.each([
    ['a file', 'stolen.txt', path],
    ['a folder', '.', 'containerd'],
    ['nothing', 'nowhere.txt', path],
  ])('that is a link to %s outside of the folder is refused, by name', (_what, target, name) => {
    const outside = mkdtempSync(join(tmpdir(), 'kboot-outside-'));
    try {
      for (const file of ['stolen.txt', 'crictl.yaml.hbs']) writeFileSync(join(outside, file), 'root:x:0:0');
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      symlinkSync(join(outside, target), join(dir, name));
      const error = failure(() => createRenderer({ templatesDir: dir }));
      expect(error).toMatchObject({ code: 'E-TEMPLATE' });
      expect(error.message).toBe(`spec.templates: ${path} leads out of the folder`);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });

  it('may be a link in its folder, which may be a link', () => {
    write('shared.txt', 'mine: {{yaml endpoint}}\n');
    mkdirSync(join(dir, 'containerd'));
    symlinkSync('../shared.txt', join(dir, path));
    const alias = `${dir}-alias`;
    symlinkSync(dir, alias);
    try {
      expect(createRenderer({ templatesDir: alias }).render(path, { endpoint: 'x' })).toBe('mine: x\n');
    } finally {
      rmSync(alias);
    }
  });

  it('needs its folder', () => {
    const error = failure(() => createRenderer({ templatesDir: join(dir, 'none') }));
    expect(error).toMatchObject({ code: 'E-TEMPLATE' });
    expect(error.message).toContain(join(dir, 'none'));
  });
});

describe('a missing variable fails with template, line and variable', () => {
  const cases = [
    '{{yaml missing}}',
    '{{#if missing}}x{{/if}}',
    '{{#unless missing}}x{{/unless}}',
    '{{#each missing}}x{{/each}}',
    '{{yaml "a" missing}}',
    '{{#each list}}{{yaml missing}}{{/each}}',
    '{{#if true}}{{yaml nested.missing}}{{/if}}',
  ];
  it.each(cases)('%s', (source) => {
    const error = failure(() => render(`first: 1\n${source}\n`, { list: [{}], nested: {} }));
    expect(error.code).toBe('E-TEMPLATE');
    expect(error.message).toContain(`${join(dir, path)}:2: `);
    expect(error.context.detail).toContain('missing');
  });

  it('also below an undefined variable', () => {
    const error = failure(() => render('{{yaml missing.more}}'));
    expect(error.code).toBe('E-TEMPLATE');
    expect(error.message).toContain(path);
  });
});

describe('refused', () => {
  const cases: readonly [string, string, object][] = [
    ['a value without a format', '{{endpoint}}', { endpoint: 'x' }],
    ['the same inside a block', '{{#if a}}{{else}}{{{endpoint}}}{{/if}}', { a: false, endpoint: 'x' }],
    ['null', '{{yaml a}}', { a: null }],
    ['a list as a scalar', '{{yaml a}}', { a: [] }],
    ['#each over a text', '{{#each a}}{{/each}}', { a: 'x' }],
    ['an unknown helper', '{{shout a}}', { a: 'x' }],
    ['handlebars’ own with', '{{#with a}}{{/with}}', { a: {} }],
    ['handlebars’ own lookup', '{{yaml (lookup a "b")}}', { a: { b: 'x' } }],
    ['a syntax error', '{{#if a}}', { a: true }],
    ['a property of the prototype', '{{yaml constructor.name}}', {}],
    ['an unfit value', '{{word a}}', { a: 'two words' }],
  ];
  it.each(cases)('%s', (_, source, params) => {
    const error = failure(() => render(source, params));
    expect(error.code).toBe('E-TEMPLATE');
    expect(error.message).toContain(join(dir, path));
  });
});

describe('what would bring other code or text into a file is refused before anything is rendered, with file and line', () => {
  const params = { a: 'x', list: ['x'], nested: { b: 'x' } };
  it.each([
    '{{* log}}',
    '{{*inline "x"}}',
    '{{#*inline "x"}}y{{/inline}}',
    '{{#* inline a}}{{/inline}}',
    '{{> containerd/crictl}}',
    '{{> (lookup . "a")}}',
    '{{> (a)}}',
    '{{>a nested}}',
    '{{#> layout}}x{{/layout}}',
    '{{> @partial-block}}',
    '{{helperMissing a}}',
    '{{#helperMissing a}}{{/helperMissing}}',
    '{{blockHelperMissing a}}',
    '{{#blockHelperMissing a}}{{/blockHelperMissing}}',
    '{{#a}}x{{/a}}',
    '{{^a}}x{{/a}}',
    '{{#yaml a}}x{{/yaml}}',
    '{{{{raw}}}}x{{{{/raw}}}}',
    '{{yaml (lookup nested "constructor")}}',
    '{{yaml (helperMissing "x")}}',
    '{{yaml (yaml)}}',
    '{{yaml (yaml nested.constructor)}}',
    '{{#if (lookup nested "b")}}x{{/if}}',
    '{{yaml a b=(lookup nested "constructor")}}',
    '{{yaml constructor.name}}',
    '{{yaml a.constructor.name}}',
    '{{yaml this.[constructor].name}}',
    '{{yaml nested.__proto__.b}}',
    '{{yaml nested.[__proto__]}}',
    '{{yaml @root.constructor.name}}',
    '{{#each list}}{{yaml ../constructor.name}}{{/each}}',
    '{{#if nested.toString}}x{{/if}}',
    '{{#if __defineGetter__}}x{{/if}}',
    '{{constructor a}}',
    '{{toString a}}',
    '{{this.yaml a}}',
    '{{./yaml a}}',
    '{{../yaml a}}',
    '{{"yaml"}}',
    '{{yaml @partial-block}}',
    '{{yaml @level}}',
    '{{#if a}}{{else}}{{#*inline "x"}}{{/inline}}{{/if}}',
  ])('%s', (source) => {
    // Where it would never be reached, too.
    const error = failure(() => render(`first: 1\n{{#if false}}\n${source}\n{{/if}}\n`, params));
    expect(error.code).toBe('E-TEMPLATE');
    expect(error.message).toContain(`${join(dir, path)}:3: `);
  });
});

describe('the language', () => {
  it('loops with @index, @first and @last, reaches out with ../, and joins arguments', () => {
    const source = '{{#each list}}{{yaml ../name "-" this}}{{#unless @last}}, {{/unless}}{{/each}}';
    expect(render(source, { name: 'n', list: ['a', 'b'] })).toBe('n-a, n-b');
    expect(render('{{#each list}}{{#if @first}}>{{/if}}{{yaml @index}}{{/each}}', { list: ['a', 'b'] })).toBe(
      '>01',
    );
  });

  it('treats empty lists, empty texts, null and false as false', () => {
    for (const a of [[], '', null, false]) expect(render('{{#if a}}yes{{else}}no{{/if}}', { a })).toBe('no');
    for (const a of [['x'], 'x', {}, true])
      expect(render('{{#if a}}yes{{else}}no{{/if}}', { a })).toBe('yes');
  });

  it('puts a format into another one', () => {
    expect(render('{{yaml (json a)}}', { a: 'x' })).toBe(`'"x"'`);
  });

  it('does not interpret values', () => {
    expect(render('{{json a}}', { a: '{{yaml b}} <&>' })).toBe('"{{yaml b}} <&>"');
  });
});
