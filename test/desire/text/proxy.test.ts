import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { noProxy, proxyDropIn, proxyEnvironment } from '../../../src/desire/text/proxy.ts';
import type { Proxy } from '../../../src/model/cluster.ts';
import { contextOf, found, ha, single } from '../../samples/text.ts';

const plain: Proxy = { http: 'http://proxy.example:3128', noProxy: ['.corp.example'] };

it('leaves out everything of the cluster', () => {
  expect(noProxy({ ...ha(), proxy: plain })).toEqual([
    'localhost',
    '127.0.0.1',
    '::1',
    '10.244.0.0/16',
    'fd00:10:244::/56',
    '10.96.0.0/12',
    'fd00:10:96::/112',
    ...['10.0.0.11', 'fd00::11', 'cp-1', '10.0.0.12', 'cp-2', '10.0.0.13', 'cp-3', '10.0.0.14', 'w-1'],
    '10.0.0.100',
    '.svc',
    '.svc.k8s.example',
    '.k8s.example',
    '.corp.example',
  ]);
  const loadBalancer = { virtualIP: '10.0.0.9', port: 8443, virtualRouterID: 51 };
  const endpoint = { host: 'api.example', port: 8443 };
  expect(noProxy(single({ loadBalancer, controlPlaneEndpoint: endpoint }))).toEqual(
    expect.arrayContaining(['10.0.0.9', 'api.example']),
  );
});

it('a shell reads exactly what is stated, in both cases', () => {
  const https = 'http://us%20er:a$b`c"d\\e@proxy.example:3128';
  const file = found(proxyEnvironment(contextOf(single({ proxy: { https, noProxy: [] } })))[0]);
  const { stdout } = spawnSync(
    'sh',
    ['-c', `${file.text}printf '%s|%s|%s' "$HTTPS_PROXY" "$https_proxy" "$HTTP_PROXY"`],
    {
      encoding: 'utf8',
      env: {},
    },
  );
  expect(stdout).toBe(`${https}|${https}|`);
});

it('is only for root to read; a URL with a password is shown by digest', () => {
  const of = (http: string) =>
    found(proxyEnvironment(contextOf(single({ proxy: { http, noProxy: [] } })))[0]);
  expect(of('http://proxy.example:3128')).toMatchObject({ path: '/var/lib/kboot/proxy.env', mode: 0o600 });
  expect(of('http://proxy.example:3128').secret).toBeUndefined();
  expect(of('http://u:p@proxy.example:3128').secret).toBe('spec.proxy /var/lib/kboot/proxy.env');
});

it('nothing is written without it', () => {
  expect([...proxyEnvironment(contextOf(single())), ...proxyDropIn(contextOf(single()))]).toEqual([]);
  expect(proxyDropIn(contextOf(single({ proxy: plain })))).toEqual([
    {
      path: '/etc/systemd/system/containerd.service.d/kboot-proxy.conf',
      mode: 0o644,
      text: '[Service]\nEnvironmentFile=/var/lib/kboot/proxy.env\n',
    },
  ]);
});
