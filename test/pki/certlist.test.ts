import { describe, expect, it } from 'vitest';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { host, leafSpec, leaves, sampleCluster } from '../samples/pki.ts';

const paths = (cluster = sampleCluster()) => certificatesFor(cluster).map(({ path }) => path);

describe('certificatesFor', () => {
  it('lists kubeadm\u2019s PKI for one control plane', () => {
    expect(paths()).toEqual([
      'ca',
      'front-proxy-ca',
      'etcd/ca',
      'sa',
      'hosts/cp1/apiserver',
      'hosts/cp1/apiserver-kubelet-client',
      'hosts/cp1/front-proxy-client',
      'hosts/cp1/apiserver-etcd-client',
      'hosts/cp1/etcd/server',
      'hosts/cp1/etcd/peer',
      'hosts/cp1/etcd/healthcheck-client',
      'hosts/cp1/admin',
      'hosts/cp1/super-admin',
      'hosts/cp1/controller-manager',
      'hosts/cp1/scheduler',
      'hosts/cp1/kubelet',
    ]);
  });

  it('gives each control plane its own copies, super-admin to the first only, workers a kubelet identity', () => {
    const cluster = sampleCluster({
      hosts: [
        host('cp1', '10.0.0.1', 'control-plane'),
        host('cp2', '10.0.0.2', 'control-plane', 'worker'),
        host('w1', '10.0.0.3', 'worker'),
        host('lb1', '10.0.0.4', 'load-balancer'),
      ],
    });
    const of = (name: string) =>
      leaves(certificatesFor(cluster)).flatMap((leaf) => (leaf.host === name ? [leaf.id] : []));
    expect(of('cp1')).toHaveLength(12);
    expect(of('cp2')).toEqual(of('cp1').filter((id) => id !== 'super-admin'));
    expect(of('w1')).toEqual(['kubelet']);
    expect(of('lb1')).toEqual([]);
    expect(leafSpec(cluster, 'kubelet', 'w1')).toMatchObject({
      commonName: 'system:node:w1',
      organization: 'system:nodes',
    });
  });

  it('puts the etcd certificates on the etcd hosts where etcd is external', () => {
    const cluster = sampleCluster({
      hosts: [host('cp1', '10.0.0.1', 'control-plane'), host('e1', '10.0.0.2', 'etcd')],
    });
    const of = (name: string) =>
      leaves(certificatesFor(cluster)).flatMap((leaf) => (leaf.host === name ? [leaf.id] : []));
    expect(of('e1')).toEqual(['etcd-server', 'etcd-peer', 'etcd-healthcheck-client']);
    expect(of('cp1')).toContain('apiserver-etcd-client');
    expect(of('cp1')).not.toContain('etcd-server');
    expect(leafSpec(cluster, 'etcd-server', 'e1').sans.ips).toEqual(['10.0.0.2', '127.0.0.1', '::1']);
  });

  it('names every path once', () => {
    const hosts = ['a', 'b', 'c'].map((name, index) =>
      host(name, `10.0.0.${index + 1}`, 'control-plane', 'worker'),
    );
    const all = paths(sampleCluster({ hosts }));
    expect(new Set(all).size).toBe(all.length);
  });

  it('distinguishes files under pki from kubeconfigs', () => {
    expect(leafSpec(sampleCluster(), 'etcd-peer', 'cp1').target).toEqual({ in: 'pki', stem: 'etcd/peer' });
    expect(leafSpec(sampleCluster(), 'admin', 'cp1').target).toEqual({
      in: 'kubeconfig',
      file: 'admin.conf',
    });
  });

  it('refuses a host name that would leave its folder', () => {
    const cluster = sampleCluster({ hosts: [host('../cp1', '10.0.0.1', 'control-plane')] });
    expect(() => certificatesFor(cluster)).toThrow(expect.objectContaining({ code: 'E-PKI' }));
  });
});
