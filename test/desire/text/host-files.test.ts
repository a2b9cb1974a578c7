import fc from 'fast-check';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { containerdFiles } from '../../../src/desire/text/containerd.ts';
import { hostFiles, kernelModules, sysctls } from '../../../src/desire/text/host.ts';
import {
  cgroupDriver,
  kubeletConfig,
  kubeletFiles,
  kubeletUnitFiles,
  sharedKubeletConfig,
} from '../../../src/desire/text/kubelet.ts';
import { kubeletConfigOf } from '../../../src/desire/text/kubelet-settings.ts';
import { nodeLabels } from '../../../src/desire/text/node.ts';
import type { HostText } from '../../../src/desire/text/types.ts';
import type { Cluster, Host, JsonObject } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import { contextOf, facts, firstHost, found, golden, ha, host, ipv6, single } from '../../samples/text.ts';

function text(files: readonly HostText[], path: string): string {
  return found(files.find((file) => file.path === path)).text;
}

describe('kubelet files', () => {
  it('equal kubeadm’s and its packages’, byte for byte', () => {
    const context = contextOf(single());
    const files = [...kubeletUnitFiles(context, facts), ...kubeletFiles(context, firstHost(single()), facts)];
    expect(text(files, '/var/lib/kubelet/config.yaml')).toBe(golden('single/config.yaml'));
    expect(text(files, '/var/lib/kubelet/instance-config.yaml').trimEnd()).toBe(
      golden('single/instance-config.yaml').trimEnd(),
    );
    expect(text(files, '/etc/systemd/system/kubelet.service')).toBe(golden('single/kubelet.service'));
    expect(text(files, '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf')).toBe(
      golden('single/10-kubeadm.conf'),
    );
    expect(kubeletConfig(contextOf(ha()), firstHost(ha()), facts)).toBe(golden('ha/kubelet-config.yaml'));
    expect(files.every((file) => file.mode === 0o644)).toBe(true);
  });

  it('read the file behind systemd-resolved where it runs', () => {
    const config = parse(
      kubeletConfig(contextOf(single()), firstHost(single()), { ...facts, systemdResolved: true }),
    ) as JsonObject;
    expect(config['resolvConf']).toBe('/run/systemd/resolve/resolv.conf');
  });

  it('merge the stated configuration: objects deeply, null removes, the socket stays', () => {
    const config = {
      maxPods: 200,
      authentication: { anonymous: { enabled: true } },
      clusterDNS: ['10.0.0.1', '10.0.0.2'],
      healthzPort: null,
      containerRuntimeEndpoint: 'unix:///elsewhere',
    };
    const merged = kubeletConfig(contextOf(single({ kubelet: { config } })), firstHost(single()), facts);
    expect(parse(merged)).toMatchObject({
      maxPods: 200,
      authentication: { anonymous: { enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
      clusterDNS: ['10.0.0.1', '10.0.0.2'],
      containerRuntimeEndpoint: 'unix:///var/run/containerd/containerd.sock',
    });
    expect(parse(merged)).not.toHaveProperty('healthzPort');
    const keys = [...merged.matchAll(/^(\w+):/gm)].map((match) => match[1]);
    expect(keys).toEqual([...keys].sort());
  });
});

describe('settings of one kubelet', () => {
  const big = host('w-1', '10.0.0.14', ['worker'], {
    kubelet: { config: { maxPods: 250, systemReserved: { cpu: '2' }, evictionHard: null }, extraArgs: [] },
  });
  const shared = {
    maxPods: 200,
    systemReserved: { cpu: '1', memory: '1Gi' },
    evictionHard: { 'memory.available': '5%' },
    cgroupDriver: 'cgroupfs',
  };

  it('are merged over those of every kubelet; the ConfigMap has only the shared ones', () => {
    const cluster = single({ kubelet: { config: shared } });
    const config = parse(kubeletConfig(contextOf(cluster), big, facts)) as JsonObject;
    expect(config).toMatchObject({ maxPods: 250, systemReserved: { cpu: '2', memory: '1Gi' } });
    expect(config).toMatchObject({ containerRuntimeEndpoint: 'unix:///var/run/containerd/containerd.sock' });
    expect(config).not.toHaveProperty('evictionHard');
    expect(kubeletConfigOf(cluster, big)).toEqual({
      maxPods: 250,
      systemReserved: { cpu: '2', memory: '1Gi' },
      cgroupDriver: 'cgroupfs',
    });
    expect(parse(sharedKubeletConfig(contextOf(cluster)))).toMatchObject({ maxPods: 200 });
    const other = kubeletConfig(contextOf(cluster), host('w-2', '10.0.0.15', ['worker']), facts);
    expect(parse(other)).toMatchObject({ maxPods: 200 });
  });

  it('remove even what kboot sets', () => {
    const own = host('w-1', '10.0.0.14', ['worker'], { kubelet: { config: { healthzPort: null } } });
    expect(parse(kubeletConfig(contextOf(single()), own, facts))).not.toHaveProperty('healthzPort');
  });

  it('replace flags by name', () => {
    const cluster = single({
      kubelet: {
        config: {},
        extraArgs: [
          { name: 'v', value: '2' },
          { name: 'node-status-max-images', value: '10' },
        ],
      },
    });
    const own = { ...big, kubelet: { config: {}, extraArgs: [{ name: 'v', value: '4' }] } };
    const written = (on: Host): string =>
      text(kubeletFiles(contextOf(cluster), on, facts), '/var/lib/kubelet/kubeadm-flags.env');
    expect(written(own)).toContain('--hostname-override=w-1 --node-status-max-images=10 --v=4"');
    expect(written(big)).toContain('--hostname-override=w-1 --v=2 --node-status-max-images=10"');
  });

  it('decide the cgroup driver of the containerd beside it', () => {
    const own = host('w-1', '10.0.0.14', ['worker'], { kubelet: { config: { cgroupDriver: 'cgroupfs' } } });
    const config = text(containerdFiles(contextOf(single()), own), '/etc/containerd/config.toml');
    expect(config).toContain('SystemdCgroup = false');
  });
});

describe('kubelet flags', () => {
  const flags = (on: Host): string =>
    text(kubeletFiles(contextOf(single()), on, facts), '/var/lib/kubelet/kubeadm-flags.env');

  it('always state name and addresses; a dedicated control plane registers with its taint', () => {
    expect(flags(host('cp-1', '10.0.0.11', ['control-plane'], { secondAddress: 'fd00::11' }))).toBe(
      'KUBELET_KUBEADM_ARGS="--node-ip=10.0.0.11,fd00::11 --hostname-override=cp-1 ' +
        '--register-with-taints=node-role.kubernetes.io/control-plane:NoSchedule"\n',
    );
    expect(flags(host('w-1', '10.0.0.14', ['worker']))).toBe(
      'KUBELET_KUBEADM_ARGS="--node-ip=10.0.0.14 --hostname-override=w-1"\n',
    );
    expect(flags(host('a', '10.0.0.15', ['control-plane', 'worker']))).not.toContain('taints');
  });

  it('add the host’s taints', () => {
    const taints = [
      { key: 'gpu', value: 'yes', effect: 'NoExecute' as const },
      { key: 'slow', effect: 'PreferNoSchedule' as const },
    ];
    expect(flags(host('w', '10.0.0.1', ['worker'], { taints }))).toContain(
      '--register-with-taints=gpu=yes:NoExecute,slow:PreferNoSchedule"',
    );
  });

  it('refuse what systemd would split, and name the host', () => {
    const taints = [{ key: 'a', value: 'b --config=/evil', effect: 'NoSchedule' as const }];
    expect(() => flags(host('w', '10.0.0.1', ['worker'], { taints }))).toThrow(KbootError);
  });
});

describe('node labels', () => {
  it('keep load balancers off dedicated control planes only', () => {
    const exclude = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const label = 'node-role.kubernetes.io/control-plane';
    expect(nodeLabels(host('a', '10.0.0.1', ['control-plane'], { labels: { zone: 'a' } }), {})).toEqual({
      [label]: '',
      [exclude]: '',
      zone: 'a',
    });
    expect(nodeLabels(host('a', '10.0.0.1', ['control-plane', 'worker']), {})).toEqual({ [label]: '' });
    expect(nodeLabels(host('a', '10.0.0.1', ['worker']), {})).toEqual({});
  });
});

describe('containerd', () => {
  const config = (cluster: Cluster, containerd: string): JsonObject =>
    parseToml(
      text(
        containerdFiles(contextOf(cluster, { containerd }), firstHost(single())),
        '/etc/containerd/config.toml',
      ),
    ) as JsonObject;
  const images = 'io.containerd.cri.v1.images';
  const runtime = 'io.containerd.cri.v1.runtime';

  it('2.x: pinned pause image, systemd cgroups, CNI folders', () => {
    expect(config(single(), '2.1.9')).toMatchObject({
      version: 3,
      plugins: {
        [images]: { pinned_images: { sandbox: 'registry.k8s.io/pause:3.10.2' } },
        [runtime]: {
          containerd: {
            runtimes: { runc: { runtime_type: 'io.containerd.runc.v2', options: { SystemdCgroup: true } } },
          },
          cni: { bin_dirs: ['/opt/cni/bin'], conf_dir: '/etc/cni/net.d' },
        },
      },
    });
    expect(config(single(), '2.0.5')).toMatchObject({
      plugins: { [runtime]: { cni: { bin_dir: '/opt/cni/bin' } } },
    });
  });

  it('1.7: the same in its own tables', () => {
    expect(config(single(), '1.7.28')).toMatchObject({
      version: 2,
      plugins: {
        'io.containerd.grpc.v1.cri': {
          sandbox_image: 'registry.k8s.io/pause:3.10.2',
          containerd: { runtimes: { runc: { options: { SystemdCgroup: true } } } },
          cni: { bin_dir: '/opt/cni/bin', conf_dir: '/etc/cni/net.d' },
        },
      },
    });
  });

  it('uses the cgroup driver of the kubelet', () => {
    const cluster = single({ kubelet: { config: { cgroupDriver: 'cgroupfs' } } });
    expect(cgroupDriver(contextOf(cluster), firstHost(cluster))).toBe('cgroupfs');
    for (const version of ['1.7.28', '2.1.9']) {
      expect(JSON.stringify(config(cluster, version))).toContain('"SystemdCgroup":false');
    }
  });

  it('merges the stated tables, each value as it is', () => {
    const json = fc.letrec((tie) => ({
      scalar: fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.integer()),
      table: fc.dictionary(fc.string({ minLength: 1 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      value: fc.oneof(
        { depthSize: 'small' },
        tie('scalar'),
        fc.array(tie('scalar'), { maxLength: 3 }),
        tie('table'),
      ),
    }));
    fc.assert(
      fc.property(json.table, (table) => {
        const stated = { extra: table } as JsonObject;
        const merged = config(single({ containerd: { config: stated } }), '2.1.9');
        expect(JSON.parse(JSON.stringify(merged['extra']))).toEqual(JSON.parse(JSON.stringify(table)));
        expect(merged['version']).toBe(3);
      }),
      { numRuns: 100 },
    );
  });

  it('imports the folder of operators and vendors; stated imports replace the list', () => {
    for (const version of ['1.7.28', '2.1.9'])
      expect(config(single(), version)['imports']).toEqual(['/etc/containerd/conf.d/*.toml']);
    const stated = { imports: ['/etc/own/*.toml'] };
    expect(config(single({ containerd: { config: stated } }), '2.1.9')['imports']).toEqual(stated.imports);
  });

  it('merges the settings of a host over those of the cluster', () => {
    const cluster = single({ containerd: { config: { debug: { level: 'info', uid: 1 } } } });
    const own = host('w-1', '10.0.0.14', ['worker'], {
      containerd: { config: { debug: { level: 'debug' } } },
    });
    const written = parseToml(text(containerdFiles(contextOf(cluster), own), '/etc/containerd/config.toml'));
    expect(written).toMatchObject({ version: 3, debug: { level: 'debug', uid: 1 } });
  });

  const auths: readonly JsonObject[] = [
    { registry: { configs: { 'r.example': { auth: { username: 'u', password: 'x' } } } } },
    { registry: { configs: { 'r.example': { auth: { auth: 'dTp4' } } } } },
    { registry: { configs: { 'r.example': { auth: { identitytoken: 'x' } } } } },
    { registry: { auths: { 'https://r.example': { auth: 'dTp4' } } } },
    { registry: { headers: { Authorization: ['Basic dTp4'] } } },
    { proxy: 'http://u:x@proxy.example:3128' },
    { env: ['PULL_TOKEN=x'] },
  ];
  it.each(auths)('is readable only for root, and shown by digest, with a secret in it: %j', (images) => {
    const stated = { plugins: { 'io.containerd.cri.v1.images': images } };
    const own = host('w-1', '10.0.0.14', ['worker'], { containerd: { config: stated } });
    for (const files of [
      containerdFiles(contextOf(single({ containerd: { config: stated } })), firstHost(single())),
      containerdFiles(contextOf(single()), own),
    ]) {
      const written = found(files.find(({ path }) => path === '/etc/containerd/config.toml'));
      expect(written.mode).toBe(0o600);
      expect(written.secret).toMatch(/^spec\.containerd\.config /);
    }
  });

  it('is readable for all without one', () => {
    const stated = {
      plugins: { x: { auth_type: 'none', tls: { key_file: '/k' }, url: 'https://r.example' } },
    };
    const files = containerdFiles(contextOf(single({ containerd: { config: stated } })), firstHost(single()));
    expect(files.map(({ mode, secret }) => [mode, secret])).toEqual(files.map(() => [0o644, undefined]));
  });

  it('refuses what TOML cannot hold', () => {
    expect(() => config(single({ containerd: { config: { a: [null] } } }), '2.1.9')).toThrow(KbootError);
  });

  it('points crictl at the socket of the kubelet', () => {
    const crictl = parse(
      text(containerdFiles(contextOf(single()), firstHost(single())), '/etc/crictl.yaml'),
    ) as JsonObject;
    expect(crictl['runtime-endpoint']).toBe('unix:///var/run/containerd/containerd.sock');
  });

  it('keeps containers when the service restarts', () => {
    const unit = text(
      containerdFiles(contextOf(single()), firstHost(single())),
      '/etc/systemd/system/containerd.service',
    );
    for (const line of [
      'KillMode=process',
      'Delegate=yes',
      'ExecStart=/usr/local/bin/containerd',
      'Type=notify',
    ]) {
      expect(unit).toContain(`\n${line}\n`);
    }
  });
});

describe('kernel modules and settings', () => {
  it('follow the backend and the address families', () => {
    const { networking } = single();
    expect(kernelModules(single())).toEqual(['overlay', 'br_netfilter', 'vxlan']);
    expect(kernelModules(single({ networking: { ...networking, flannel: { backend: 'host-gw' } } }))).toEqual(
      ['overlay', 'br_netfilter'],
    );
    const value = (cluster: Cluster, key: string): string | undefined =>
      sysctls(cluster).find((setting) => setting.key === key)?.value;
    expect(value(single(), 'net.ipv4.ip_forward')).toBe('1');
    expect(value(single(), 'net.ipv6.conf.all.forwarding')).toBeUndefined();
    expect(value(ha(), 'net.ipv6.conf.all.forwarding')).toBe('1');
    expect(value(ipv6(), 'net.ipv6.conf.default.forwarding')).toBe('1');
    // `all` changes `default`, whose previous value must be read before.
    const keys = sysctls(ipv6()).map(({ key }) => key);
    expect(keys.indexOf('net.ipv6.conf.default.forwarding')).toBeLessThan(
      keys.indexOf('net.ipv6.conf.all.forwarding'),
    );
  });

  it('are in files with the same values', () => {
    const files = hostFiles(contextOf(ha()));
    expect(text(files, '/etc/modules-load.d/kboot.conf').trim().split('\n')).toEqual(kernelModules(ha()));
    expect(text(files, '/etc/sysctl.d/99-kboot.conf').trim().split('\n')).toEqual(
      sysctls(ha()).map(({ key, value }) => `${key} = ${value}`),
    );
  });
});
