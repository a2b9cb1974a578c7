import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeconfig, kubeletKubeconfig, componentServer } from '../../../src/desire/text/kubeconfig.ts';
import { createRenderer } from '../../../src/render/renderer.ts';
import { found, ha, ipv6, single } from '../../samples/text.ts';

const renderer = createRenderer();

describe('kubeconfig', () => {
  it('has kubeadm’s form', () => {
    const text = kubeconfig(renderer, {
      server: 'https://10.0.0.100:8443',
      caPem: 'CA',
      user: 'kubernetes-admin',
      credentials: { certificatePem: 'CERT', keyPem: 'KEY' },
    });
    expect(text).toBe(
      [
        'apiVersion: v1',
        'clusters:',
        '- cluster:',
        '    certificate-authority-data: Q0E=',
        '    server: https://10.0.0.100:8443',
        '  name: kubernetes',
        'contexts:',
        '- context:',
        '    cluster: kubernetes',
        '    user: kubernetes-admin',
        '  name: kubernetes-admin@kubernetes',
        'current-context: kubernetes-admin@kubernetes',
        'kind: Config',
        'users:',
        '- name: kubernetes-admin',
        '  user:',
        '    client-certificate-data: Q0VSVA==',
        '    client-key-data: S0VZ',
        '',
      ].join('\n'),
    );
  });

  it('of a kubelet refers to the certificate that the kubelet rotates', () => {
    const cluster = ha();
    const text = kubeletKubeconfig(renderer, cluster, found(cluster.hosts[3]), 'CA');
    const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
    expect(parse(text)).toMatchObject({
      clusters: [{ cluster: { server: 'https://10.0.0.100:8443' } }],
      'current-context': 'system:node:w-1@kubernetes',
      users: [{ name: 'system:node:w-1', user: { 'client-certificate': pem, 'client-key': pem } }],
    });
    expect(text).not.toContain('-key-data');
  });

  it('lets control planes dial their own API server, others the endpoint', () => {
    const cluster = ha();
    expect(cluster.hosts.map((host) => componentServer(cluster, host))).toEqual([
      'https://10.0.0.11:6443',
      'https://10.0.0.12:6443',
      'https://10.0.0.13:6443',
      'https://10.0.0.100:8443',
    ]);
    expect(componentServer(ipv6(), found(ipv6().hosts[0]))).toBe('https://[fd00::11]:6443');
  });

  it('holds names of any kind exactly', () => {
    const user = 'a: b #"\n- c';
    const credentials = { certificateFile: '/a b', keyFile: "/it's" };
    const text = kubeconfig(renderer, { server: single().name, caPem: '', user, credentials });
    expect(parse(text)).toMatchObject({
      users: [{ name: user, user: { 'client-certificate': '/a b', 'client-key': "/it's" } }],
    });
  });
});
