import { describe, expect, it } from 'vitest';
import { restartFlannel } from '../../src/apply/flannel.ts';
import type { KubeClient } from '../../src/kube/client.ts';

interface World {
  /** Reads of the Node until it has a podCIDR. */
  readonly late?: number;
  /** Whether the new Pod becomes Ready. */
  readonly ready?: boolean;
}

function world({ late = 0, ready = true }: World) {
  const log: string[] = [];
  let deleted = false;
  let reads = 0;
  const pod = (uid: string, status: string) => ({
    metadata: { name: `flannel-${uid}`, namespace: 'kube-flannel', uid },
    status: { conditions: [{ type: 'Ready', status, message: 'starting' }] },
  });
  const kube: KubeClient = {
    close: () => undefined,
    request: (method, path) => {
      if (method === 'DELETE') {
        log.push(path);
        deleted = true;
        return Promise.resolve({ status: 200, body: {} });
      }
      if (path.includes('/nodes/'))
        return Promise.resolve({
          status: 200,
          body: { metadata: { name: 'w-1' }, spec: reads++ < late ? {} : { podCIDR: '10.244.5.0/24' } },
        });
      return Promise.resolve({
        status: 200,
        body: { items: deleted ? [pod('new', ready ? 'True' : 'False')] : [pod('old', 'True')] },
      });
    },
  };
  const waits: string[] = [];
  const run = (timeoutSeconds = 5): Promise<void> =>
    restartFlannel(kube, 'w-1', {
      ...{ timeoutSeconds, pollMs: 1, signal: new AbortController().signal },
      waiting: (seen) => waits.push(seen),
    });
  return { run, log, waits };
}

describe('restartFlannel', () => {
  it('deletes the Pod once the Node has a podCIDR, and waits for another Pod', async () => {
    const { run, log, waits } = world({ late: 2 });
    await run();
    expect(log).toEqual(['/api/v1/namespaces/kube-flannel/pods/flannel-old']);
    expect(waits).toEqual(['the controller manager has not assigned a podCIDR to its Node']);
  });

  it('says what it waited for', async () => {
    await expect(world({ ready: false }).run(0.02)).rejects.toMatchObject({
      code: 'E-WAIT',
      message: expect.stringContaining('starting') as string,
    });
  });
});
