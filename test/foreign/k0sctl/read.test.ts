import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readK0sctl, secondsOf } from '../../../src/foreign/k0sctl/read.ts';
import type { Foreign } from '../../../src/foreign/types.ts';
import { KbootError } from '../../../src/model/error.ts';

const sample = readFileSync(new URL('../../samples/foreign/k0sctl.yaml', import.meta.url), 'utf8');
const known = ['v1.36.4', 'v1.35.6'];
const env = { CTRL_IP: '203.0.113.11' };
const read = (text: string, variables: Record<string, string> = env): Foreign =>
  readK0sctl({ file: 'k.yaml', text }, variables, known);
const problem = (text: string, variables?: Record<string, string>): string => {
  try {
    read(text, variables);
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(KbootError);
    return (error as KbootError).message.replace('; nothing was written.', '');
  }
};

describe('a file of k0sctl', () => {
  it('has hosts with their roles, addresses and logins', () => {
    const { hosts, name } = read(sample);
    expect(name).toBe('prod');
    expect(
      hosts.map((host) => [host.name, host.roles?.join('+'), host.address, host.ssh.address, host.ssh.user]),
    ).toEqual([
      [undefined, 'control-plane', '10.0.0.11', '203.0.113.11', 'root'],
      // k0s taints it, as kubeadm taints a control plane.
      ['cp2', 'control-plane', undefined, '10.0.0.12', 'ops'],
      [undefined, 'control-plane+worker', '10.0.0.13', 'cp3.example.com', undefined],
      [undefined, 'worker', undefined, '10.0.0.21', 'root'],
    ]);
    expect(hosts[0]?.ssh).toMatchObject({
      identityFile: '~/.ssh/k',
      bastion: { address: 'gw.example.com', user: 'jump', port: 2022 },
    });
    expect(hosts.map(({ fields }) => fields.map(({ path, value }) => [path.join('.'), value]))).toEqual([
      [
        ['labels.zone', 'a'],
        ['labels.ssd', 'yes'],
        ['taints.-1', { key: 'dedicated', value: 'db', effect: 'NoSchedule' }],
      ],
      [],
      [],
      [
        ['kubelet.extraArgs.-1', { name: 'max-pods', value: '200' }],
        ['kubelet.extraArgs.-1', { name: 'v', value: '4' }],
      ],
    ]);
  });

  it('has the fields of the cluster', () => {
    expect(read(sample).fields.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['spec.kubernetesVersion', 'v1.35.6'],
      ['spec.controlPlaneEndpoint', '10.0.0.100:6443'],
      ['spec.apiServer.certSANs.-1', '10.0.0.100'],
      ['spec.apiServer.certSANs.-1', 'api.example.com'],
      ['spec.apiServer.extraArgs.-1', { name: 'audit-log-maxage', value: '30' }],
      ['spec.apiServer.extraArgs.-1', { name: 'secure-port', value: '7443' }],
      ['spec.networking.serviceSubnet', '10.98.0.0/12'],
      ['spec.kubeProxy.config.mode', 'ipvs'],
      ['spec.kubeProxy.config.ipvs.strictARP', true],
      ['spec.etcd.extraArgs.-1', { name: 'quota-backend-bytes', value: '8589934592' }],
      ['spec.upgrade.drain.timeoutSeconds', 300],
      ['spec.upgrade.drain.force', true],
      ['spec.upgrade.maxUnavailable', '20%'],
    ]);
  });

  it('has no kube-proxy where k0s has none', () => {
    const { fields } = read(sample.replace('kubeProxy: { disabled: false,', 'kubeProxy: { disabled: true,'));
    expect(fields.map(({ path, value }) => [path.join('.'), value])).toContainEqual([
      'spec.kubeProxy.enabled',
      false,
    ]);
  });

  it('has every key with its place and outcome, and no value', () => {
    const { keys } = read(sample);
    const shown = keys.map(
      ({ key, at, became, why }) =>
        `${at.line}: ${key} → ${became ?? '-'}${why === undefined ? '' : ` (${why})`}`,
    );
    expect(shown).toMatchInlineSnapshot(`
      [
        "1: apiVersion → apiVersion",
        "2: kind → kind",
        "3: metadata.name → metadata.name",
        "3: metadata.user → - (the administrator's name in kubeconfigs is kboot's)",
        "6: spec.hosts[].role → spec.hosts[].roles (its control planes are Nodes, too, with the usual taint)",
        "7: spec.hosts[].privateAddress → spec.hosts[].address",
        "8: spec.hosts[].privateInterface → - (a host has an address of a node; --look shows the interfaces)",
        "9: spec.hosts[].installFlags → spec.hosts[].roles, labels, taints and kubelet.extraArgs (--debug: kboot does not run k0s)",
        "10: spec.hosts[].hooks → - (write them as spec.hooks: those run as root, before or after a stage of every run that changes it)",
        "12: spec.hosts[].ssh.address → spec.hosts[].ssh.address",
        "13: spec.hosts[].ssh.keyPath → spec.hosts[].ssh.identityFile",
        "14: spec.hosts[].ssh.bastion.address → spec.hosts[].ssh.bastion",
        "14: spec.hosts[].ssh.bastion.user → spec.hosts[].ssh.bastion",
        "14: spec.hosts[].ssh.bastion.port → spec.hosts[].ssh.bastion",
        "15: spec.hosts[].role → spec.hosts[].roles",
        "16: spec.hosts[].hostname → spec.hosts[].name",
        "17: spec.hosts[].ssh.address → spec.hosts[].ssh.address",
        "17: spec.hosts[].ssh.user → spec.hosts[].ssh.user",
        "17: spec.hosts[].ssh.port → spec.hosts[].ssh.port",
        "18: spec.hosts[].role → spec.hosts[].roles",
        "19: spec.hosts[].noTaints → spec.hosts[].roles",
        "20: spec.hosts[].openSSH.address → spec.hosts[].ssh.address (as it is: kboot does not read the configuration of ssh)",
        "20: spec.hosts[].openSSH.options → - (kboot reaches hosts by SSH, with settings of its own: spec.ssh, spec.hosts[].ssh)",
        "21: spec.hosts[].privateAddress → spec.hosts[].address",
        "22: spec.hosts[].role → spec.hosts[].roles",
        "23: spec.hosts[].uploadBinary → - (hosts download files, or get them from a bundle: --bundle, spec.artifacts)",
        "24: spec.hosts[].environment → - (write the proxy as spec.proxy; kboot sets no other variables)",
        "25: spec.hosts[].installFlags → spec.hosts[].roles, labels, taints and kubelet.extraArgs",
        "26: spec.hosts[].files → - (write them as spec.files, which also restart what reads them, or as a hook)",
        "27: spec.hosts[].ssh.address → spec.hosts[].ssh.address",
        "28: spec.hosts[].role → spec.hosts[].roles",
        "29: spec.hosts[].winRM → - (kboot has Linux hosts only)",
        "31: spec.k0s.version → spec.kubernetesVersion (v1.35.6: this kboot installs no other patch of that minor version (\`kboot version\`))",
        "32: spec.k0s.dynamicConfig → - (the inventory is the only source of the configuration)",
        "34: spec.k0s.config.apiVersion → apiVersion",
        "35: spec.k0s.config.kind → kind",
        "36: spec.k0s.config.metadata.name → metadata.name (unless k0sctl's own metadata.name says it)",
        "39: spec.k0s.config.spec.api.externalAddress → spec.controlPlaneEndpoint",
        "40: spec.k0s.config.spec.api.port → as kboot does it (kboot's default)",
        "41: spec.k0s.config.spec.api.sans → spec.apiServer.certSANs",
        "42: spec.k0s.config.spec.api.extraArgs → spec.apiServer.extraArgs",
        "44: spec.k0s.config.spec.network.provider → - (kboot installs flannel. For kuberouter, set spec.networking.cni to none, and state it in spec.addons (docs/networks.md))",
        "45: spec.k0s.config.spec.network.podCIDR → as kboot does it (kboot's default)",
        "46: spec.k0s.config.spec.network.serviceCIDR → spec.networking.serviceSubnet",
        "47: spec.k0s.config.spec.network.dualStack.enabled → spec.networking.podSubnet and serviceSubnet",
        "47: spec.k0s.config.spec.network.dualStack.IPv6podCIDR → spec.networking.podSubnet (if dualStack.enabled is true)",
        "48: spec.k0s.config.spec.network.kubeProxy.disabled → as kboot does it (kube-proxy is installed)",
        "48: spec.k0s.config.spec.network.kubeProxy.mode → spec.kubeProxy.config.mode",
        "48: spec.k0s.config.spec.network.kubeProxy.ipvs → spec.kubeProxy.config.ipvs",
        "49: spec.k0s.config.spec.network.nodeLocalLoadBalancing → - (kboot has one address in front of all API servers: spec.loadBalancer or spec.controlPlaneEndpoint)",
        "50: spec.k0s.config.spec.storage.type → as kboot does it (etcd)",
        "50: spec.k0s.config.spec.storage.etcd.extraArgs → spec.etcd.extraArgs",
        "51: spec.k0s.config.spec.extensions → - (write manifests and charts as spec.addons, charts with the SHA-256 of their archives (docs/addons.md))",
        "52: spec.k0s.config.spec.telemetry → - (kboot sends nothing to anybody)",
        "53: spec.k0s.config.spec.unknownThing → - (kboot knows no such key of k0s)",
        "55: spec.options.drain.timeout → spec.upgrade.drain.timeoutSeconds",
        "55: spec.options.drain.force → spec.upgrade.drain.force",
        "55: spec.options.drain.enabled → as kboot does it",
        "56: spec.options.concurrency.limit → - (--concurrency N of the command)",
        "56: spec.options.concurrency.workerDisruptionPercent → spec.upgrade.maxUnavailable",
      ]
    `);
    expect(keys.every(({ became, why }) => became !== undefined || why !== undefined)).toBe(true);
    expect(JSON.stringify(keys)).not.toContain('hunter2');
  });

  it('may have a ClusterConfig as a document, and a virtual IP of its own', () => {
    const { fields, name } = read(`apiVersion: k0sctl.k0sproject.io/v1beta1
kind: Cluster
spec: {hosts: [{role: single, localhost: {enabled: true}, privateAddress: 10.0.0.1}]}
---
apiVersion: k0s.k0sproject.io/v1beta1
kind: ClusterConfig
spec:
  network:
    provider: custom
    podCIDR: 10.9.0.0/16
    dualStack: {enabled: true, IPv6podCIDR: "fd00::/56"}
    controlPlaneLoadBalancing:
      enabled: true
      type: Keepalived
      keepalived: {vrrpInstances: [{virtualIPs: [10.0.0.100/24], authPass: hunter2, virtualRouterID: 77, interface: eth1}]}
`);
    expect(name).toBeUndefined();
    expect(fields.map(({ path, value }) => [path.join('.'), value])).toEqual([
      ['spec.networking.cni', 'none'],
      ['spec.networking.podSubnet', '10.9.0.0/16,fd00::/56'],
      ['spec.loadBalancer.virtualIP', '10.0.0.100'],
      ['spec.loadBalancer.virtualRouterID', 77],
      ['spec.loadBalancer.interface', 'eth1'],
    ]);
    expect(JSON.stringify(fields)).not.toContain('hunter2');
  });

  const cluster = (hosts: string): string =>
    `apiVersion: k0sctl.k0sproject.io/v1beta1\nkind: Cluster\nspec:\n  hosts:\n  - ${hosts}`;

  it('has variables of the environment where k0sctl puts them', () => {
    const address = (text: string, variables = {}): string | undefined =>
      read(cluster(`{role: worker, ssh: {address: ${text}}} # $NONE`), variables).hosts[0]?.ssh.address;
    expect(address('$A', { A: '10.0.0.1' })).toBe('10.0.0.1');
    expect(address('"${A:-10.0.0.2}"', { A: '' })).toBe('10.0.0.2');
    expect(address('"${A-10.0.0.2}"')).toBe('10.0.0.2');
    expect(problem(cluster('{role: worker, ssh: {address: "${A}"}}'), {})).toBe(
      'k.yaml:5:36: the environment variable A is not set',
    );
    expect(problem(cluster('{role: worker, ssh: {address: "${A:=b}"}}'))).toContain('not "${A:=b}"');
    expect(problem(cluster('{role: worker, ssh: {address: $KBOOT_SSH_PASSWORD}}'))).toContain("kboot's own");
  });

  it('says what is wrong, and where', () => {
    expect(problem('apiVersion: v1\nkind: Pod')).toBe(
      'k.yaml:1:1: the file has no Cluster of k0sctl.k0sproject.io/v1beta1',
    );
    expect(problem(cluster('{role: wrker, ssh: {address: 10.0.0.1}}'))).toBe(
      'k.yaml:5:12: spec.hosts[0].role must be controller, worker, controller+worker or single',
    );
    expect(problem(cluster('{role: worker}'))).toContain('k.yaml:5:5: spec.hosts[0] must have ssh');
    expect(problem(cluster('{role: worker, ssh: {address: "a b"}}'))).toBe(
      'k.yaml:5:35: spec.hosts[0].ssh.address must be an address or a DNS name'.replace(':35', ':35'),
    );
    expect(problem(cluster('{role: worker, ssh: {address: a, port: 99999}}'))).toContain('must be a port');
    expect(problem('a: [')).toMatch(/^k\.yaml:1:\d+: /);
    expect(problem(`${cluster('{role: worker, ssh: {address: a}}')}\n---\nkind: Secret`)).toContain(
      'k.yaml:7:1: this document is neither',
    );
    const bomb = Array.from(
      { length: 12 },
      (_, n) =>
        `  a${n}: &a${n} ${
          n === 0
            ? '[1]'
            : `[${Array(9)
                .fill(`*a${n - 1}`)
                .join(', ')}]`
        }`,
    );
    expect(problem(`${cluster('{role: worker, ssh: {address: a}}')}\nx:\n${bomb.join('\n')}`)).toContain(
      'too many values',
    );
    expect([secondsOf('1h30m'), secondsOf('90s'), secondsOf('5'), secondsOf('')]).toEqual([
      5400,
      90,
      undefined,
      undefined,
    ]);
  });

  it('any file: what it says, or one error with a place', () => {
    const lines = sample.split('\n');
    const junk = fc.constantFrom(
      '',
      'x',
      '[',
      '{}',
      ': ',
      '- ',
      '1',
      'null',
      '*a',
      '"',
      '$X',
      '${',
      '\u202e',
      '---\n',
    );
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.nat(40), junk, fc.boolean(), (line, column, put, cut) => {
        const text = lines
          .map((each, index) =>
            index !== line ? each : each.slice(0, column) + put + (cut ? '' : each.slice(column)),
          )
          .join('\n');
        const result = problem(text);
        if (result !== 'read') expect(result).toMatch(/^k\.yaml:\d+:\d+: ./);
      }),
      { numRuns: 150 },
    );
  });
});
