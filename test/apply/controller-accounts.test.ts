import { beforeEach, expect, it } from 'vitest';
import { createControllerAccounts } from '../../src/apply/controller-accounts.ts';
import { servedApi } from '../kube/served-api.ts';

const served = servedApi();
const accounts = '/api/v1/namespaces/kube-system/serviceaccounts';

const account = (name: string, namespace = 'kube-system'): object => ({
  kind: 'ServiceAccount',
  name,
  namespace,
});

function binding(name: string, ...subjects: readonly object[]): object {
  return { metadata: { name }, subjects };
}

/** Serves these bindings, and answers each new account with `status`. */
function serve(bindings: readonly object[], status = 201): void {
  served.api.requests.length = 0;
  served.api.answer = ({ method, body }) =>
    method === 'POST' ? { status, body } : { status: 200, body: { metadata: {}, items: bindings } };
}

const created = (): unknown[] =>
  served.api.requests.flatMap(({ method, path, body }) =>
    method === 'POST' && path === accounts ? [body] : [],
  );

beforeEach(() => {
  serve([]);
});

it('creates what the bindings of controllers name in kube-system, each once', async () => {
  serve([
    binding('system:controller:job-controller', account('job-controller')),
    binding('system:controller:node-controller', account('node-controller'), account('job-controller')),
    binding('system:controller:other', account('default', 'shop'), { kind: 'User', name: 'somebody' }),
    binding('system:controller:none'),
    binding('system:kube-dns', account('kube-dns')),
    binding('shop', account('shop')),
  ]);
  await createControllerAccounts(served.kube);
  const names = ['job-controller', 'node-controller'];
  expect(created()).toEqual(
    names.map((name) => ({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
      metadata: { name, namespace: 'kube-system' },
    })),
  );
  expect(served.api.requests[0]?.path).toContain(
    'labelSelector=kubernetes.io%2Fbootstrapping%3Drbac-defaults',
  );
});

it('leaves out controllers that a cluster without a cloud does not run', async () => {
  serve([
    binding('system:controller:route-controller', account('route-controller')),
    binding('system:controller:service-controller', account('service-controller')),
  ]);
  await createControllerAccounts(served.kube);
  expect(created()).toEqual([]);
});

it.each([409, 403, 500])('leaves to kube-controller-manager what is answered with %i', async (status) => {
  serve([binding('system:controller:job-controller', account('job-controller'))], status);
  await createControllerAccounts(served.kube);
  expect(created()).toHaveLength(1);
});

it('fails if the bindings cannot be read, as while an API server starts', async () => {
  served.api.answer = () => ({ status: 403, body: { message: 'no' } });
  await expect(createControllerAccounts(served.kube)).rejects.toMatchObject({ code: 'E-KUBE-API' });
});
