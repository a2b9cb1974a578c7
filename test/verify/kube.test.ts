import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../src/kube/client.ts';
import { steadyKube } from '../../src/verify/kube.ts';
import { fakeKube, ok, type FakeKube } from '../samples/verify.ts';

const dead = (): Promise<KubeClient> => Promise.reject(new Error('no connection'));

describe('steadyKube', () => {
  it('keeps the first connection that opens', async () => {
    const second = fakeKube(() => ok('second'));
    let opened = 0;
    const open = (): Promise<FakeKube> => {
      opened += 1;
      return Promise.resolve(second);
    };
    const kube = steadyKube([dead, open]);
    expect((await kube.request('GET', '/a')).body).toBe('second');
    await kube.request('GET', '/b');
    expect(opened).toBe(1);
  });

  it('switches to another when the connection is lost, and repeats the request', async () => {
    let alive = true;
    const first = fakeKube(() => (alive ? ok('first') : Promise.reject(new Error('ended'))));
    const second = fakeKube(() => ok('second'));
    const kube = steadyKube([() => (alive ? Promise.resolve(first) : dead()), () => Promise.resolve(second)]);
    await kube.request('GET', '/a');
    alive = false;
    expect((await kube.request('DELETE', '/b')).body).toBe('second');
    expect(second.requests).toEqual(['DELETE /b']);
  });

  it('reports the last error if none opens', async () => {
    await expect(steadyKube([dead]).request('GET', '/a')).rejects.toThrow('no connection');
    await expect(steadyKube([]).request('GET', '/a')).rejects.toThrow('no control-plane host is connected');
  });
});
