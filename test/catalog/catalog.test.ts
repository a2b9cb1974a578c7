import { describe, expect, it } from 'vitest';
import { artifacts } from '../../src/catalog/artifacts.ts';
import { images, metallbImages } from '../../src/catalog/images.ts';
import { knownVersions, release } from '../../src/catalog/release.ts';
import { KbootError } from '../../src/model/error.ts';

describe('catalog', () => {
  it('has every file of every known release, with a sum, for both architectures', () => {
    expect(knownVersions()[0]).toBe('v1.36.4');
    expect(knownVersions().at(-1)).toBe('v1.34.0');
    for (const version of knownVersions()) {
      for (const arch of ['amd64', 'arm64'] as const) {
        const files = artifacts(release(version), arch);
        expect(files.map(({ name }) => name).sort()).toEqual([
          'cni-plugins',
          'containerd',
          'crictl',
          'etcd',
          'kubectl',
          'kubelet',
          'runc',
        ]);
        for (const file of files) {
          expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
          expect(file.url).toBe(`https://${file.mirrorPath}`);
          expect(file.mirrorPath.endsWith(`/${file.fileName}`)).toBe(true);
          expect(file.mirrorPath).toContain(arch);
        }
        expect(new Set(files.map(({ sha256 }) => sha256)).size).toBe(files.length);
      }
    }
  });

  it('has what kubeadm v1.36.2 pins', () => {
    const refs = images(release('v1.36.2'), 'registry.k8s.io');
    expect(refs).toMatchObject({
      'kube-proxy': 'registry.k8s.io/kube-proxy:v1.36.2',
      coredns: 'registry.k8s.io/coredns/coredns:v1.14.2',
      pause: 'registry.k8s.io/pause:3.10.2',
      etcd: 'registry.k8s.io/etcd:3.6.8-0',
      flannel: 'ghcr.io/flannel-io/flannel:v0.28.9',
    });
    expect(release('v1.34.0').etcd).toBe('3.6.4-0');
    expect(release('v1.34.11').etcd).toBe('3.6.5-0');
  });

  it('takes all images from another repository, CoreDNS without its doubled path', () => {
    const refs = images(release('v1.36.2'), 'registry.example.com/k8s');
    expect(refs.coredns).toBe('registry.example.com/k8s/coredns:v1.14.2');
    expect(Object.values(refs).every((ref) => ref.startsWith('registry.example.com/k8s/'))).toBe(true);
  });

  it('names the official files', () => {
    const urls = artifacts(release('v1.36.2'), 'amd64').map(({ url }) => url);
    expect(urls).toContain('https://dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubelet');
    expect(urls).toContain(
      'https://github.com/etcd-io/etcd/releases/download/v3.6.8/etcd-v3.6.8-linux-amd64.tar.gz',
    );
    expect(metallbImages(release('v1.36.2'), 'registry.k8s.io').controller).toMatch(
      /^quay\.io\/metallb\/controller:v0\.15\.\d+$/,
    );
  });

  it('refuses an unknown version, naming the nearest', () => {
    const failure = (() => {
      try {
        return release('v1.33.2');
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(KbootError);
    expect(failure).toMatchObject({
      code: 'E-INVENTORY',
      context: { remedy: expect.stringContaining('v1.34.11') as string },
    });
  });
});
