import { beforeEach, expect, it } from 'vitest';
import { rewriteAll } from '../../src/apply/rewrite.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { servedApi } from '../kube/served-api.ts';

const served = servedApi();
/** Secrets by their path. */
const secrets = new Map<string, KubeObject>();
const pathOf = (name: string): string => `/api/v1/namespaces/shop/secrets/${name}`;
const options = { timeoutSeconds: 10, signal: new AbortController().signal, waiting: () => undefined };

/** `refuse`: the status of an update of that Secret, and what happens to it. */
function serve(
  names: readonly string[],
  refuse: (name: string) => number | undefined = () => undefined,
): void {
  secrets.clear();
  served.api.requests.length = 0;
  for (const name of names)
    secrets.set(pathOf(name), {
      ...{ apiVersion: 'v1', kind: 'Secret', data: { value: 'eA==' } },
      metadata: { namespace: 'shop', name, labels: { app: 'shop' } },
    });
  served.api.answer = ({ method, path }) => {
    if (path === '/api/v1/secrets' || path.startsWith('/api/v1/secrets?'))
      return { status: 200, body: { items: [...secrets.values()], metadata: {} } };
    const live = secrets.get(path);
    if (live === undefined) return { status: 404, body: { message: 'not found' } };
    const status = method === 'PUT' ? refuse(live.metadata.name) : undefined;
    return status === undefined ? { status: 200, body: live } : { status, body: { message: 'no' } };
  };
}

const updates = (): (readonly [string, unknown])[] =>
  served.api.requests.flatMap(({ method, path, body }) => (method === 'PUT' ? [[path, body] as const] : []));

beforeEach(() => {
  serve([]);
});

it('writes each object as it is', async () => {
  serve(['a', 'b']);
  await rewriteAll(served.kube, 'secrets', options);
  expect(updates()).toEqual([...secrets]);
});

it('reads an object again that somebody changed meanwhile', async () => {
  let conflicts = 2;
  serve(['a', 'b'], (name) => (name === 'b' && conflicts-- > 0 ? 409 : undefined));
  await rewriteAll(served.kube, 'secrets', options);
  expect(updates().map(([path]) => path)).toEqual([pathOf('a'), pathOf('b'), pathOf('b'), pathOf('b')]);
});

it('needs nothing of an object that is deleted meanwhile', async () => {
  serve(['a', 'b'], (name) => {
    if (name !== 'a') return undefined;
    secrets.delete(pathOf('a'));
    return 404;
  });
  await rewriteAll(served.kube, 'secrets', options);
  expect(updates().map(([path]) => path)).toContain(pathOf('b'));
});

it('names those that are refused, and writes the others', async () => {
  serve(['a', 'b', 'c'], (name) => (name === 'b' ? 403 : undefined));
  await expect(rewriteAll(served.kube, 'secrets', options)).rejects.toMatchObject({
    code: 'E-STEP',
    message: expect.stringContaining(
      '1 of 3 secrets could not be rewritten, such as Secret shop/b',
    ) as string,
  });
  expect(updates()).toHaveLength(3);
});

it('ends at an interruption and after its time', async () => {
  serve(['a']);
  const interrupted = { ...options, signal: AbortSignal.abort() };
  await expect(rewriteAll(served.kube, 'secrets', interrupted)).rejects.toMatchObject({
    code: 'E-INTERRUPTED',
  });
  await expect(rewriteAll(served.kube, 'secrets', { ...options, timeoutSeconds: -1 })).rejects.toMatchObject({
    code: 'E-TIMEOUT',
  });
});
