import { afterAll, beforeAll } from 'vitest';
import { openKube, type KubeClient } from '../../src/kube/client.ts';
import { fakePki, startApi, type FakeApi } from './api-server.ts';

/** An API server in this process for the tests of a file, and a client that is connected to it; both exist once tests run. */
export function servedApi(): { readonly api: FakeApi; readonly kube: KubeClient } {
  const served = {} as { api: FakeApi; kube: KubeClient };
  beforeAll(async () => {
    const pki = await fakePki();
    served.api = await startApi(pki);
    served.kube = await openKube(await served.api.connect(), pki.credentials);
  });
  afterAll(async () => {
    served.kube.close();
    await served.api.close();
  });
  return served;
}
