import { describe, expect, it } from 'vitest';
import { artifacts } from '../../src/catalog/artifacts.ts';
import { kubeadmPins, sumIn, sumPath } from '../../src/catalog/published.ts';
import { release } from '../../src/catalog/release.ts';

const [one, two] = ['1'.repeat(64), 'ab'.repeat(32)];

it('each project publishes its checksums in its own place', () => {
  const at = artifacts(release('v1.36.2'), 'arm64').map((each) => [each.name, sumPath(each)]);
  expect(Object.fromEntries(at)).toEqual({
    containerd:
      'github.com/containerd/containerd/releases/download/v2.2.7/containerd-2.2.7-linux-arm64.tar.gz.sha256sum',
    runc: 'github.com/opencontainers/runc/releases/download/v1.3.6/runc.sha256sum',
    'cni-plugins':
      'github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz.sha256',
    crictl:
      'github.com/kubernetes-sigs/cri-tools/releases/download/v1.36.0/crictl-v1.36.0-linux-arm64.tar.gz.sha256',
    kubelet: 'dl.k8s.io/release/v1.36.2/bin/linux/arm64/kubelet.sha256',
    kubectl: 'dl.k8s.io/release/v1.36.2/bin/linux/arm64/kubectl.sha256',
    etcd: 'github.com/etcd-io/etcd/releases/download/v3.6.8/SHA256SUMS',
  });
});

describe('a checksum', () => {
  it.each([
    ['alone', one, one],
    ['alone on a line', `${one}\n`, one],
    ['in upper case', two.toUpperCase(), two],
    ['with its file', `${one}  kubelet\n`, one],
    ['among others', `${two}  kubectl\n${one} *kubelet\n`, one],
    ['with a path', `${one}  ./bin/kubelet\n`, one],
    ['of another file', `${one}  kubectl\n`, undefined],
    ['of a file whose name ends alike', `${one}  my-kubelet\n`, undefined],
    ['that is a page about an error', '<html>404</html>', undefined],
    ['that is too short', one.slice(1), undefined],
    ['that is one of two without names', `${one}\n${two}\n`, undefined],
  ])('%s', (_, text, expected) => {
    expect(sumIn(text, 'kubelet')).toBe(expected);
  });
});

describe("kubeadm's versions", () => {
  const source = [
    '\t// DefaultEtcdVersion indicates the default',
    '\tDefaultEtcdVersion = "3.6.5-0"',
    '\tCoreDNSVersion = "v1.14.2"',
    '\tPauseVersion = "3.10.2"',
  ].join('\n');
  it('are read from its source', () => {
    const pins = { etcd: '3.6.5-0', coredns: 'v1.14.2', pause: '3.10.2' };
    expect(kubeadmPins(source, 'v1.36.9')).toEqual(pins);
    const supported = 'SupportedEtcdVersion = map[uint8]string{\n\t35: "3.6.6-0",\n\t36: "3.6.8-0",\n}';
    expect(kubeadmPins(`${source}\n${supported}`, 'v1.36.9')).toEqual({ ...pins, etcd: '3.6.8-0' });
    expect(kubeadmPins('package constants', 'v1.36.9')).toBeUndefined();
  });
});
