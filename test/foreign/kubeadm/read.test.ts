import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKubeadm } from '../../../src/foreign/kubeadm/read.ts';
import type { Foreign } from '../../../src/foreign/types.ts';
import { KbootError } from '../../../src/model/error.ts';

const sample = readFileSync(new URL('../../samples/foreign/kubeadm.yaml', import.meta.url), 'utf8');
const read = (...texts: string[]): Foreign =>
  readKubeadm(
    texts.map((text, index) => ({ file: `k${index}.yaml`, text })),
    ['v1.36.4', 'v1.36.2'],
  );
const problem = (...texts: string[]): string => {
  try {
    read(...texts);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(KbootError);
    return (error as KbootError).message.replace('; nothing was written.', '');
  }
};
const fields = (foreign: Foreign): unknown =>
  foreign.fields.map(({ path, value }) => [path.join('.'), value]);

describe('configuration of kubeadm', () => {
  it('has the hosts that init and join are about', () => {
    const { hosts, name } = read(sample);
    expect(name).toBe('prod');
    expect(hosts.map((host) => [host.name, host.roles?.join('+'), host.address, host.ssh.address])).toEqual([
      ['cp-1', 'control-plane+worker', '10.0.0.11,fd00::11', '10.0.0.11'],
      ['w-1', 'worker', '10.0.0.21,fd00::21', '10.0.0.21'],
    ]);
    expect(hosts.map(({ fields: own }) => own.map(({ path, value }) => [path.join('.'), value]))).toEqual([
      [
        ['labels.zone', 'a'],
        ['labels.ssd', 'yes'],
        ['kubelet.extraArgs.-1', { name: 'v', value: '5' }],
      ],
      [['taints.-1', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }]],
    ]);
  });

  it('has the fields of the cluster and of its components', () => {
    expect(fields(read(sample))).toEqual([
      ['spec.preflight.ignore.-1', 'NumCPU'],
      ['spec.kubernetesVersion', 'v1.36.2'],
      ['spec.controlPlaneEndpoint', 'api.example.com:6443'],
      ['spec.imageRepository', 'registry.example.com/k8s'],
      ['spec.pki.caKeyAlgorithm', 'ECDSA-P256'],
      ['spec.networking.podSubnet', '10.245.0.0/16,fd00:1::/56'],
      ['spec.networking.serviceSubnet', '10.96.0.0/12,fd00:2::/112'],
      ['spec.apiServer.certSANs.-1', '10.0.0.100'],
      ['spec.apiServer.extraArgs.-1', { name: 'audit-log-maxage', value: '30' }],
      [
        'spec.apiServer.extraVolumes.-1',
        { name: 'audit', hostPath: '/etc/audit', mountPath: '/etc/audit', readOnly: true },
      ],
      ['spec.apiServer.extraEnvs.-1', { name: 'GOGC', value: '50' }],
      ['spec.etcd.dataDir', '/data/etcd'],
      ['spec.etcd.extraArgs.-1', { name: 'quota-backend-bytes', value: '8589934592' }],
      ['spec.kubeProxy.enabled', false],
      ['spec.kubelet.config.cgroupDriver', 'systemd'],
      ['spec.kubelet.config.maxPods', 200],
      ['spec.kubeProxy.config.mode', 'ipvs'],
      ['spec.kubeProxy.config.ipvs', { strictARP: true }],
    ]);
  });

  it('has no kube-proxy if its phase is skipped, and names other phases', () => {
    const init = (phases: string): Foreign =>
      read(`apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nskipPhases: ${phases}\n`);
    expect(fields(init('[addon/kube-proxy]'))).toEqual([['spec.kubeProxy.enabled', false]]);
    const both = init('[addon/kube-proxy, preflight]');
    expect(fields(both)).toEqual([['spec.kubeProxy.enabled', false]]);
    expect(both.keys.find(({ key }) => key === 'skipPhases')?.why).toContain('addon/kube-proxy only');
    expect(fields(init('[addon/coredns]'))).toEqual([]);
  });

  it('has every key with its place and outcome, and no value', () => {
    const { keys } = read(sample);
    expect(
      keys.map(
        ({ key, at, became, why }) =>
          `${at.line}: ${key} → ${became ?? '-'}${why === undefined ? '' : ` (${why})`}`,
      ),
    ).toMatchInlineSnapshot(`
      [
        "1: apiVersion → apiVersion",
        "2: kind → kind",
        "3: bootstrapTokens → - (a secret, and an inventory has none; kboot needs no bootstrap tokens)",
        "4: certificateKey → - (a secret, and an inventory has none; kboot needs no bootstrap tokens)",
        "5: localAPIEndpoint.advertiseAddress → spec.hosts[].address",
        "5: localAPIEndpoint.bindPort → as kboot does it (kboot's default)",
        "7: nodeRegistration.name → spec.hosts[].name",
        "8: nodeRegistration.criSocket → as kboot does it (containerd is the runtime)",
        "9: nodeRegistration.taints → spec.hosts[].roles and taints",
        "10: nodeRegistration.kubeletExtraArgs → spec.hosts[].kubelet.extraArgs, labels, taints and address",
        "14: nodeRegistration.ignorePreflightErrors → spec.preflight.ignore",
        "16: apiVersion → apiVersion",
        "17: kind → kind",
        "18: clusterName → metadata.name",
        "19: kubernetesVersion → spec.kubernetesVersion",
        "20: controlPlaneEndpoint → spec.controlPlaneEndpoint",
        "21: imageRepository → spec.imageRepository",
        "22: encryptionAlgorithm → spec.pki.caKeyAlgorithm (of the CAs)",
        "23: certificateValidityPeriod → - (kboot issues certificates with validities of its own, and renews them)",
        "24: networking.podSubnet → spec.networking.podSubnet",
        "24: networking.serviceSubnet → spec.networking.serviceSubnet",
        "24: networking.dnsDomain → as kboot does it (kboot's default)",
        "26: apiServer.certSANs → spec.apiServer.certSANs",
        "27: apiServer.extraArgs → spec.apiServer.extraArgs",
        "28: apiServer.extraVolumes → spec.apiServer.extraVolumes",
        "29: apiServer.extraEnvs → spec.apiServer.extraEnvs",
        "30: etcd.local.dataDir → spec.etcd.dataDir",
        "30: etcd.local.extraArgs → spec.etcd.extraArgs",
        "30: etcd.local.imageTag → - (kboot.lock.yaml pins images (docs/lock.md))",
        "31: dns.disabled → as kboot does it (CoreDNS is installed)",
        "32: proxy.disabled → spec.kubeProxy.enabled (something else must do its work (docs/networks.md))",
        "33: featureGates → - (feature gates of kubeadm mean nothing to kboot)",
        "35: apiVersion → spec.kubelet.config",
        "36: kind → spec.kubelet.config",
        "37: cgroupDriver → spec.kubelet.config.cgroupDriver",
        "38: clusterDNS → as kboot does it (kboot derives it from spec.networking.serviceSubnet)",
        "39: maxPods → spec.kubelet.config.maxPods",
        "40: rotateCertificates → as kboot does it (kboot's default)",
        "41: syncFrequency → - (it is empty)",
        "42: memorySwap → - (it is empty)",
        "43: authorization → as kboot does it (kboot's default)",
        "45: apiVersion → spec.kubeProxy.config",
        "46: kind → spec.kubeProxy.config",
        "47: mode → spec.kubeProxy.config.mode",
        "48: ipvs → spec.kubeProxy.config.ipvs",
        "49: conntrack → - (it is empty)",
        "51: apiVersion → apiVersion",
        "52: kind → kind",
        "54: discovery.bootstrapToken.token → - (a secret, and an inventory has none; kboot needs no bootstrap tokens)",
        "54: discovery.bootstrapToken.apiServerEndpoint → spec.controlPlaneEndpoint (unless ClusterConfiguration says it)",
        "54: discovery.bootstrapToken.caCertHashes → - (kboot has the CA, and needs no discovery)",
        "56: nodeRegistration.name → spec.hosts[].name",
        "57: nodeRegistration.taints → spec.hosts[].roles and taints",
        "58: nodeRegistration.kubeletExtraArgs → spec.hosts[].kubelet.extraArgs, labels, taints and address",
      ]
    `);
    expect(JSON.stringify(keys)).not.toMatch(/abcdef|e6a2eb/);
  });

  it('is read in v1beta3, in several files, and from a host that joins', () => {
    const init = `apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer: {extraArgs: {v: "4", feature-gates: "A=true"}}
etcd: {external: {endpoints: ["https://10.0.0.31:2379"], caFile: /a/ca.crt, certFile: /a/c.crt, keyFile: /a/c.key}}
`;
    const join = `apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
controlPlane: {localAPIEndpoint: {advertiseAddress: 10.0.0.12}, certificateKey: "00"}
discovery: {bootstrapToken: {token: x, apiServerEndpoint: "10.0.0.100:6443"}}
nodeRegistration: {kubeletExtraArgs: {node-ip: 10.0.0.12}}
`;
    const foreign = read(init, join);
    expect(foreign.hosts).toMatchObject([
      { roles: ['control-plane'], address: '10.0.0.12', at: { file: 'k1.yaml' } },
    ]);
    expect(fields(foreign)).toEqual([
      ['spec.apiServer.extraArgs.-1', { name: 'v', value: '4' }],
      ['spec.apiServer.extraArgs.-1', { name: 'feature-gates', value: 'A=true' }],
      [
        'spec.etcd.external',
        {
          endpoints: ['https://10.0.0.31:2379'],
          caFile: '/a/ca.crt',
          certFile: '/a/c.crt',
          keyFile: '/a/c.key',
        },
      ],
      ['spec.controlPlaneEndpoint', '10.0.0.100:6443'],
    ]);
    expect(
      read('apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: stable-1')
        .hosts,
    ).toEqual([]);
  });

  it('says what is wrong, and where', () => {
    expect(problem('')).toBe('k0.yaml:1:1: the file is empty');
    expect(problem('kind: Pod\napiVersion: v1')).toBe(
      'k0.yaml:1:1: this is a Pod of v1, not configuration of kubeadm',
    );
    expect(problem('apiVersion: kubeadm.k8s.io/v1beta2\nkind: InitConfiguration')).toContain(
      'k0.yaml:1:1: kboot reads',
    );
    expect(problem('apiVersion: kubeadm.k8s.io/v1beta4\nkind: Init')).toBe(
      'k0.yaml:2:1: kubeadm has no Init',
    );
    const cluster = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n';
    expect(problem(`${cluster}---\n${cluster}`)).toBe(
      'k0.yaml:4:1: a second ClusterConfiguration begins here; one is allowed',
    );
    expect(problem(`${cluster}apiServer: {extraArgs: 5}`)).toContain('apiServer.extraArgs must be flags');
    expect(problem(`${cluster}networking: {podSubnet: [a]}`)).toBe(
      'k0.yaml:3:25: networking.podSubnet must be a text',
    );
  });

  it('any file: what it says, or one error with a place', () => {
    const lines = sample.split('\n');
    const junk = fc.constantFrom('', 'x', '[', '{}', ': ', '- ', '1', 'null', '*a', '"', '---\n', '\t');
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(40), junk, fc.boolean(), (line, column, put, cut) => {
        const text = lines
          .map((each, index) =>
            index !== line ? each : each.slice(0, column) + put + (cut ? '' : each.slice(column)),
          )
          .join('\n');
        const result = problem(text);
        if (result !== 'read') expect(result).toMatch(/^k0\.yaml:\d+:\d+: ./);
      }),
      { numRuns: 150 },
    );
  });
});
