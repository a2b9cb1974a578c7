import { describe, expect, it } from 'vitest';
import { parseInventory, type ParseOptions } from '../../src/inventory/parse.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

function clusterOf(text: string, env: ParseOptions['env'] = {}): Cluster {
  const { cluster, diagnostics } = parseInventory(text, optionsFor('/site/prod.yaml', env));
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (cluster === undefined) throw new Error('no cluster');
  return cluster;
}

function worker(text: string, env: ParseOptions['env'] = {}): Cluster['hosts'][number] {
  const host = clusterOf(text, env).hosts[1];
  if (host === undefined) throw new Error('no worker');
  return host;
}

describe('defaults', () => {
  it('fills in everything that is not stated', () => {
    expect(clusterOf(inventoryWith())).toMatchObject({
      name: 'test',
      controlPlaneEndpoint: { host: '10.0.0.11', port: 6443 },
      networking: {
        podSubnets: ['10.244.0.0/16'],
        serviceSubnets: ['10.96.0.0/12'],
        dnsDomain: 'cluster.local',
        flannel: { backend: 'vxlan' },
      },
      imageRepository: 'registry.k8s.io',
      artifacts: {},
      preflight: { ignore: [] },
      upgrade: {
        maxUnavailable: 1,
        drain: { timeoutSeconds: 300, deleteEmptyDirData: true, force: false },
      },
      kubelet: { config: {} },
      apiServer: { certSANs: [], extraArgs: [] },
    });
    expect(worker(inventoryWith())).toEqual({
      name: 'w-1',
      roles: ['worker'],
      address: '10.0.0.21',
      connection: { kind: 'ssh', address: '10.0.0.21', port: 22, user: 'op' },
      labels: {},
      taints: [],
    });
  });

  it('keeps how an upgrade disturbs workloads, and fills in the rest', () => {
    const stated = 'upgrade: {maxUnavailable: 20%, drain: {force: true}, pauseAfter: first-batch}';
    expect(clusterOf(inventoryWith([stated])).upgrade).toEqual({
      maxUnavailable: '20%',
      drain: { timeoutSeconds: 300, deleteEmptyDirData: true, force: true },
      pauseAfter: 'first-batch',
    });
  });

  it('reaches the API at the virtual IP when kboot balances the load', () => {
    const cluster = clusterOf(inventoryWith(['loadBalancer: {virtualIP: 10.0.0.100}']));
    expect(cluster.controlPlaneEndpoint).toEqual({ host: '10.0.0.100', port: 8443 });
    expect(cluster.loadBalancer).toEqual({ virtualIP: '10.0.0.100', port: 8443, virtualRouterID: 51 });
  });

  it('gives an endpoint without a port the port of the load balancer', () => {
    const text = inventoryWith([
      'loadBalancer: {virtualIP: 10.0.0.100}',
      'controlPlaneEndpoint: API.example.com',
    ]);
    expect(clusterOf(text).controlPlaneEndpoint).toEqual({ host: 'api.example.com', port: 8443 });
  });

  it('reads an IPv6 endpoint in brackets', () => {
    const text = inventoryWith(["controlPlaneEndpoint: '[FD00::1]:443'"]);
    expect(clusterOf(text).controlPlaneEndpoint).toEqual({ host: 'fd00::1', port: 443 });
  });
});

describe('hosts', () => {
  it('merges ssh field by field, and expands paths', () => {
    const shared = ['ssh: {user: ops, port: 2222, identityFile: ~/.ssh/id, bastion: {address: gw.example}}'];
    expect(
      worker(inventoryWith(shared, ['ssh: {address: 192.168.56.21, identityFile: keys/w-1}'])).connection,
    ).toEqual({
      kind: 'ssh',
      address: '192.168.56.21',
      port: 2222,
      user: 'ops',
      identityFile: '/site/keys/w-1',
      bastion: { address: 'gw.example', port: 22, user: 'op' },
    });
    expect(clusterOf(inventoryWith(shared)).hosts[0]?.connection).toMatchObject({
      identityFile: '/home/op/.ssh/id',
    });
  });

  it('takes the node address from ssh.address', () => {
    expect(worker(inventoryWith([], ['ssh: {address: 10.0.0.22}'])).address).toBe('10.0.0.22');
  });

  it('splits a dual-stack address and writes IPv6 canonically', () => {
    const nets = [
      'networking: {podSubnet: "10.244.0.0/16,FD01::/48", serviceSubnet: "10.96.0.0/12,fd02:0::/112"}',
    ];
    const text = inventoryWith(nets, ["address: '10.0.0.21, FD00:0::21'"]);
    const cluster = clusterOf(text.replace(/10\.0\.0\.11/, '"10.0.0.11,fd00::11"'));
    expect(cluster.hosts[1]).toMatchObject({ address: '10.0.0.21', secondAddress: 'fd00::21' });
    expect(cluster.networking).toMatchObject({ podSubnets: ['10.244.0.0/16', 'fd01::/48'] });
    expect(cluster.networking.serviceSubnets).toEqual(['10.96.0.0/12', 'fd02::/112']);
  });

  it('recognizes this machine', () => {
    expect(worker(inventoryWith([], ['connection: local'])).connection).toEqual({ kind: 'local' });
  });

  it.each(['jdoe@corp.example.com', 'CORP\\\\jdoe', 'corp+jdoe', 'svc_kboot$', 'jdoe.admin', 'дмитрий'])(
    'accepts the user %s',
    (user) => {
      const cluster = clusterOf(
        inventoryWith([`ssh: {user: '${user}', bastion: {address: gw, user: '${user}'}}`]),
      );
      expect(cluster.hosts[1]?.connection).toMatchObject({ user, bastion: { user } });
    },
  );

  it('accepts a complete host key', () => {
    const blob = Buffer.concat([
      Buffer.from([0, 0, 0, 11]),
      Buffer.from('ssh-ed25519'),
      Buffer.from([0, 0, 0, 32]),
      Buffer.alloc(32, 7),
    ]);
    const key = `ssh-ed25519 ${blob.toString('base64')}`;
    expect(
      worker(inventoryWith([], [`ssh: {address: 10.0.0.21, hostKey: "${key}"}`])).connection,
    ).toMatchObject({ hostKey: key });
  });
});

describe('environment', () => {
  it('types a plain value after substitution, and keeps a quoted one a string', () => {
    const text = inventoryWith(
      ['ssh:', '  port: ${PORT}', 'imageRepository: ${REPO:-registry.example.com/k8s}'],
      ['labels: {rack: "${RACK}"}'],
    );
    const cluster = clusterOf(text, { PORT: '2200', RACK: '7' });
    expect(cluster.hosts[1]).toMatchObject({ connection: { port: 2200 }, labels: { rack: '7' } });
    expect(cluster.imageRepository).toBe('registry.example.com/k8s');
  });

  it('uses the default for an empty variable, and keeps $${ and other dollars', () => {
    const text = inventoryWith([
      'apiServer:',
      '  extraArgs:',
      '    - name: audit-log-path',
      '      value: $${X} $HOME ${E:-d}',
    ]);
    expect(clusterOf(text, { E: '' }).apiServer.extraArgs).toEqual([
      { name: 'audit-log-path', value: '${X} $HOME d' },
    ]);
  });

  it('is not put into the content of files, except where substitute asks for it', () => {
    const script = 'tar -czf "${BACKUP_DIR:-/var/backups}/etc.tgz" "${HOME}" $${x} ${1%%.*}';
    const text = inventoryWith([
      'files:',
      `  - {path: /a, content: '${script}'}`,
      '  - &base {path: /b, substitute: true, content: "${HOST} $${HOST} ${NONE:-none}"}',
      '  - {<<: *base, path: /c}',
      '  - {<<: *base, path: /d, substitute: "${WHETHER}"}',
      '  - <<: *base',
      '    path: /e',
      '    substitute: ${WHETHER}',
    ]);
    const env = { HOST: 'here', HOME: '/root', BACKUP_DIR: '/mine', WHETHER: 'false' };
    const asked = { text: 'here ${HOST} none' };
    expect(clusterOf(text.replace('"${WHETHER}"', 'true'), env).files?.map(({ content }) => content)).toEqual(
      [{ text: script }, asked, asked, asked, { text: '${HOST} $${HOST} ${NONE:-none}' }],
    );
  });

  it('cannot add structure to the inventory', () => {
    const text = inventoryWith(['kubelet:', '  config:', '    providerID: ${NOTE}']);
    expect(clusterOf(text, { NOTE: 'a: 1\nb: [2]' }).kubelet.config).toEqual({ providerID: 'a: 1\nb: [2]' });
  });

  it('leaves comments alone', () => {
    expect(clusterOf(inventoryWith(['# ${UNSET}'])).name).toBe('test');
  });
});

describe('YAML', () => {
  it('supports anchors and merge keys; own keys win', () => {
    const text = inventoryWith(
      ['ssh: &base {user: ops, port: 2222}'],
      ['ssh: {<<: *base, port: 23, address: 10.0.0.21}'],
    );
    expect(worker(text).connection).toMatchObject({ user: 'ops', port: 23 });
  });

  it('refuses aliases that expand endlessly', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) =>
        `  l${n}: &l${n} [${Array(10)
          .fill(n === 0 ? 'x' : `*l${n - 1}`)
          .join(', ')}]`,
    );
    const { diagnostics } = parseInventory(`kubelet:\n${levels.join('\n')}\n`, optionsFor('bomb.yaml'));
    expect(diagnostics.map(({ message }) => message)).toContain(
      'the aliases of the inventory expand to too many values',
    );
  });

  it('keeps the configuration of components as it is', () => {
    const text = inventoryWith([
      'containerd: {config: {plugins: {io.containerd.cri.v1.runtime: {restrict_oom_score_adj: true, x: null}}}}',
    ]);
    expect(clusterOf(text).containerd.config).toEqual({
      plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true, x: null } },
    });
  });
});

describe('roles and load balancer', () => {
  it('allows port 6443 when the load balancers run on dedicated hosts', () => {
    const text = `${inventoryWith(['loadBalancer: {virtualIP: 10.0.0.100, port: 6443}'])}    - {name: lb-1, roles: [load-balancer], address: 10.0.0.5}\n`;
    expect(clusterOf(text).controlPlaneEndpoint.port).toBe(6443);
  });

  it('reads the node mask from the controller manager', () => {
    const small = [
      'networking: {podSubnet: 10.244.0.0/25}',
      'controllerManager: {extraArgs: [{name: node-cidr-mask-size, value: "26"}]}',
    ];
    expect(clusterOf(inventoryWith(small)).networking.podSubnets).toEqual(['10.244.0.0/25']);
  });
});

describe('scale', () => {
  it('reads a thousand hosts, and reports the problems of each', () => {
    const hosts = (role: string): string =>
      Array.from(
        { length: 1000 },
        (_, n) => `    - name: h-${n}\n      roles: [${role}]\n      address: 10.1.${n >> 8}.${n & 255}\n`,
      ).join('');
    expect(
      clusterOf(inventoryWith(['networking: {podSubnet: 10.128.0.0/12}']) + hosts('worker')).hosts,
    ).toHaveLength(1002);
    const { diagnostics } = parseInventory(
      inventoryWith() + hosts('worker, oops: 1').replaceAll('[worker, oops: 1]', '[workr]'),
      optionsFor('x'),
    );
    expect(diagnostics.filter(({ message }) => message.includes('did you mean "worker"'))).toHaveLength(1000);
  });
});
