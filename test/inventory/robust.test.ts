import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInventory } from '../../src/inventory/parse.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const folder = new URL('../../inventories/', import.meta.url);
const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));

/** Whatever the text, there is a cluster or an error, and every diagnostic has a place in the text. */
function holds(text: string): void {
  const { cluster, diagnostics } = parseInventory(text, optionsFor('any.yaml'));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(cluster === undefined).toBe(errors.length > 0);
  const lines = text.split('\n').length;
  for (const { line, column, message } of diagnostics) {
    expect(line >= 1 && line <= lines && column >= 1).toBe(true);
    expect(message).not.toMatch(/Invalid input|received/);
  }
  const order = diagnostics.map(({ line, column }) => line * 1e6 + column);
  expect(order).toEqual([...order].sort((a, b) => a - b));
}

const yamlish = fc
  .array(
    fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '*a',
      '&a ',
      '"',
      "'",
      '|',
      '${',
      '}',
      '#',
      '<<',
      '? ',
      '!!x ',
      '\t',
      '---\n',
      'spec',
      'hosts',
      '1',
      '~',
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const junk = fc.constantFrom(
  '',
  'x',
  ' ',
  '\n',
  ': ',
  '[',
  '{',
  '"',
  '-',
  '0',
  '/',
  ',',
  'null',
  '${A}',
  '*x',
  '&x ',
  '{}',
  '[]',
  '.inf',
  '__proto__',
);

describe('parseInventory on any text', () => {
  it('neither throws nor returns nothing', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200, unit: 'binary' }), holds), { numRuns: 150 });
    fc.assert(fc.property(yamlish, holds), { numRuns: 300 });
  });

  it('survives an example with one piece cut out or replaced', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...examples), fc.nat(), fc.nat({ max: 30 }), junk)
      .map(([text, at, length, put]) => {
        const start = at % text.length;
        return text.slice(0, start) + put + text.slice(start + length);
      });
    fc.assert(fc.property(mutated, holds), { numRuns: 200 });
  });

  it('survives any value at any key', () => {
    const data = fc.record({
      apiVersion: fc.constant('kboot.dev/v1'),
      kind: fc.constant('Cluster'),
      metadata: fc.oneof(fc.constant({ name: 'x' }), fc.jsonValue()),
      spec: fc.dictionary(
        fc.constantFrom(
          'kubernetesVersion',
          'hosts',
          'networking',
          'loadBalancer',
          'metallb',
          'ssh',
          'kubelet',
          'etcd',
        ),
        fc.oneof(fc.jsonValue(), fc.constant([{ name: 'a', roles: ['etcd'], address: '10.0.0.1' }])),
      ),
    });
    fc.assert(
      fc.property(data, (value) => {
        holds(JSON.stringify(value));
      }),
      { numRuns: 150 },
    );
  });

  it('refuses deep nesting', () => {
    for (const text of [
      '['.repeat(5000),
      `${'['.repeat(200)}${']'.repeat(200)}`,
      Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''),
    ]) {
      holds(text);
    }
  });

  it('ends soon with add-ons that all wait for all others after them', () => {
    const addons = Array.from({ length: 60 }, (_, index) => ({
      name: `a-${index}`,
      after: Array.from({ length: 59 - index }, (__, next) => `a-${index + next + 1}`),
      manifests: [{ path: './a.yaml' }],
    }));
    holds(inventoryWith([`addons: ${JSON.stringify(addons)}`]));
  });
});
