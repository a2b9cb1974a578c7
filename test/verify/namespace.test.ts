import { describe, expect, it } from 'vitest';
import { removeLeftovers, removeNamespace } from '../../src/verify/namespace.ts';
import { fakeKube, items, missing, ok } from '../samples/verify.ts';

const namespace = (name: string, minute: number): unknown => ({
  metadata: { name, creationTimestamp: `2026-11-20T10:${String(minute).padStart(2, '0')}:00Z` },
});

describe('removeLeftovers', () => {
  it('deletes namespaces left by earlier runs, but not those of a run in progress or with another name', async () => {
    const kube = fakeKube((method) =>
      method === 'DELETE'
        ? ok({})
        : items(
            namespace('kboot-verify-00000001', 0),
            namespace('kboot-verify-00000002', 25),
            namespace('kboot-verify-mine', 0),
            namespace('shop', 0),
            namespace('kboot-verify-0000000f', 30),
          ),
    );
    expect(await removeLeftovers(kube, 'kboot-verify-0000000f')).toEqual(['kboot-verify-00000001']);
    expect(kube.requests.filter((each) => each.startsWith('DELETE'))).toEqual([
      'DELETE /api/v1/namespaces/kboot-verify-00000001',
    ]);
    expect(kube.requests[0]).toContain('labelSelector=app.kubernetes.io%2Fmanaged-by%3Dkboot');
  });

  it('deletes nothing while its own namespace, and thus the time, is unknown', async () => {
    const kube = fakeKube(() => items(namespace('kboot-verify-00000001', 0)));
    expect(await removeLeftovers(kube, 'kboot-verify-0000000f')).toEqual([]);
  });
});

describe('removeNamespace', () => {
  it('waits until the namespace is gone', async () => {
    let looks = 0;
    const kube = fakeKube((method) => (method === 'GET' && (looks += 1) === 3 ? missing : ok({})));
    expect(await removeNamespace(kube, 'ns', 10_000, 1)).toBe(true);
    expect(looks).toBe(3);
  });

  it('reports a namespace that still exists after the timeout', async () => {
    expect(
      await removeNamespace(
        fakeKube(() => ok({})),
        'ns',
        5,
        1,
      ),
    ).toBe(false);
  });

  it('accepts a namespace that never existed', async () => {
    expect(
      await removeNamespace(
        fakeKube(() => missing),
        'ns',
        1000,
        1,
      ),
    ).toBe(true);
  });

  it('reports that the API refuses', async () => {
    const kube = fakeKube(() => ({ status: 403, body: { message: 'no' } }));
    await expect(removeNamespace(kube, 'ns', 1000, 1)).rejects.toMatchObject({ code: 'E-KUBE-API' });
  });
});
