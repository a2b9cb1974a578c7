import { expect, it } from 'vitest';
import { apiOf, observeForeignCluster } from '../../src/observe/adopt.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const conf = (
  user: string,
): string => `clusters: [{ cluster: { certificate-authority-data: ${base64('ca')} } }]
users: [{ user: { ${user} } }]
`;
const embedded = `client-certificate-data: ${base64('crt')}, client-key-data: ${base64('key')}`;
const manifest = `spec: { containers: [{ command: [kube-apiserver, --advertise-address=10.0.0.11] }] }`;

it('asks as the administrator of the control plane, where there is one', () => {
  const files = (of: Readonly<Record<string, string>>): Parameters<typeof apiOf>[0] => ({
    files: new Map(Object.entries(of)),
  });
  const pod = { '/etc/kubernetes/manifests/kube-apiserver.yaml': manifest };
  expect(apiOf(files({ ...pod, '/etc/kubernetes/admin.conf': conf(embedded) }))).toEqual({
    address: '10.0.0.11',
    credentials: { caPem: 'ca', certificatePem: 'crt', keyPem: 'key' },
  });
  expect(apiOf(files({ '/etc/kubernetes/admin.conf': conf(embedded) }))).toBeUndefined();
  expect(apiOf(files({ ...pod, '/etc/kubernetes/admin.conf': conf('token: x') }))).toBeUndefined();
  expect(apiOf(files({ ...pod, '/etc/kubernetes/admin.conf': '[' }))).toBeUndefined();
});

it('lists the oldest Node first, and refuses an answer that is not complete', async () => {
  const node = (name: string, creationTimestamp: string): object => ({
    metadata: { name, creationTimestamp },
  });
  const kube = (status: number): KubeClient => ({
    request: (_method, path) =>
      Promise.resolve({
        status: path.includes('daemonsets') ? status : 200,
        body: {
          items: path.startsWith('/api/v1/nodes')
            ? [
                node('cp-2', '2026-01-02T00:00:00Z'),
                node('w-1', '2026-01-01T00:00:00Z'),
                node('cp-1', '2026-01-01T00:00:00Z'),
              ]
            : [],
        },
      }),
    close: () => undefined,
  });
  const { nodes } = await observeForeignCluster(kube(200));
  expect(nodes.map(({ metadata }) => metadata.name)).toEqual(['cp-1', 'w-1', 'cp-2']);
  await expect(observeForeignCluster(kube(403))).rejects.toMatchObject({ code: 'E-KUBE-API' });
});
