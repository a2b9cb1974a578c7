import { expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/types.ts';
import { objectDiff } from '../../../src/plan/diff/object-diff.ts';

const secret = 'c4n4ryOfThisTest';

/** What changes, in a field of an object, and what the diff has of it. */
const pod = (container: object): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop', namespace: 'default' } },
  spec: { containers: [{ name: 'main', image: 'shop:1', ...container }] },
});

it.each([
  { env: [{ name: 'DB_PASSWORD', value: secret }] },
  { env: [{ value: secret, name: 'DB_PASSWORD' }] },
  { env: [{ name: 'DB', value: `postgres://shop:${secret}@db.example.com/shop` }] },
  { args: [`--db-password=${secret}`] },
  { args: ['--db-password', secret] },
  { args: ['serve', '--token', secret, '--port', '80'] },
  { lifecycle: { postStart: { exec: { command: ['curl', '-H', `Authorization: Bearer ${secret}`] } } } },
  { apiKey: secret },
])('a secret of an object is in no diff: %j', (container) => {
  for (const [was, is] of [
    [{}, container],
    [container, {}],
    [container, JSON.parse(JSON.stringify(container).replaceAll(secret, 'other')) as object],
  ] as const) {
    const shown = objectDiff(pod(was), pod(is));
    expect(shown).toContain('(not shown, sha256 ');
    expect(shown).not.toContain(secret);
  }
});

it('what has the name of a secret, and is none, is shown', () => {
  const was = { env: [{ name: 'TOKEN_FILE', value: '/run/token' }], args: ['--token-file', '/run/token'] };
  const is = { env: [{ name: 'TOKEN_FILE', value: '/run/other' }], args: ['--token-file', '/run/other'] };
  expect(objectDiff(pod(was), pod(is))).not.toContain('not shown');
});

it('a diff of more lines than anybody reads is cut, and one that takes long is not made', () => {
  const settings = (count: number, value: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop', namespace: 'default' } },
    data: Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, value])),
  });
  const cut = objectDiff(settings(100, 'a'), settings(100, 'b'))?.split('\n') ?? [];
  expect([cut.length, cut.at(-1)]).toEqual([61, '(147 more lines)']);
  expect(objectDiff(settings(5000, 'a'), settings(4000, 'b'))).toBe(
    '--- ConfigMap default/shop\n+++ ConfigMap default/shop\n(more than 2000 lines differ: it has 5006 lines now, and then 4006)',
  );
});
