import { parse, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { containerdFields, containerdObstacles } from '../../../src/desire/adopt/containerd.ts';
import { asVersion3 } from '../../../src/desire/adopt/toml-versions.ts';
import type { SeenCluster } from '../../../src/desire/adopt/types.ts';
import { containerdFiles } from '../../../src/desire/text/containerd.ts';
import { paths } from '../../../src/desire/text/paths.ts';
import type { Cluster, JsonObject } from '../../../src/model/cluster.ts';
import { good } from '../../samples/inspection.ts';
import { contextOf, host, single } from '../../samples/text.ts';

const cluster = single({
  hosts: [host('cp1', '10.9.7.11', ['control-plane']), host('w1', '10.9.7.21', ['worker'])],
});

/** What `containerd config default` of 2.2 prints, in parts. */
const defaults = `version = 3
root = '/var/lib/containerd'
imports = []
oom_score = 0
[grpc]
  max_recv_message_size = 16777216
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  max_concurrent_downloads = 3
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = 'registry.k8s.io/pause:3.10.1'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = ''
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'runc'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dir = ''
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'
`;

function seen(texts: Readonly<Record<string, string>>, of: Cluster = cluster): SeenCluster {
  return {
    ...{ nodes: [], daemonSets: [], configMaps: new Map() },
    hosts: new Map(
      of.hosts.map((each) => [
        each.name,
        {
          ...{ inspection: good(each), files: new Map() },
          running: {
            ...{ containerdPath: paths.containerdConfig, containerdDefaults: defaults, containerdUnit: '' },
            ...{ containerd: texts[each.name] ?? '', kubeletFlags: [] },
          },
        },
      ]),
    ),
  };
}
const fieldsOf = (texts: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    containerdFields(contextOf(cluster), seen(texts)).map(({ path, value }) => [path.join('.'), value]),
  );
const both = (text: string): Readonly<Record<string, unknown>> => fieldsOf({ cp1: text, w1: text });

describe("containerd's configuration of an adopted cluster", () => {
  it('of nothing, of all defaults, and of what kubeadm asks for, needs no field', () => {
    expect(both('')).toEqual({});
    expect(both(defaults)).toEqual({});
    expect(both(defaults.replace('SystemdCgroup = false', 'SystemdCgroup = true'))).toEqual({});
    expect(both('disabled_plugins = []\n')).toEqual({});
    expect(both(defaults.replace('pause:3.10.1', 'pause:3.9'))).toEqual({});
  });

  it('of kboot itself needs none', () => {
    const [first] = cluster.hosts;
    const text = first && containerdFiles(contextOf(cluster), first)[0]?.text;
    expect(both(text ?? '')).toEqual({});
  });

  it('keeps what somebody set: data root, runtimes, another sandbox image, mirrors, imports', () => {
    const config = both(`version = 3
root = '/data/containerd'
imports = ['/etc/containerd/conf.d/*.toml', '/etc/containerd/site.toml']
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.example.com/pause:3.9'
[plugins.'io.containerd.cri.v1.images'.registry.mirrors.'docker.io']
  endpoint = ['https://mirror.example.com']
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = 'nvidia'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia.options]
  BinaryName = '/usr/bin/nvidia-container-runtime'
`)['spec.containerd.config'];
    expect(config).toEqual({
      root: '/data/containerd',
      imports: ['/etc/containerd/conf.d/*.toml', '/etc/containerd/site.toml'],
      plugins: {
        'io.containerd.cri.v1.images': {
          pinned_images: { sandbox: 'registry.example.com/pause:3.9' },
          registry: {
            mirrors: { 'docker.io': { endpoint: ['https://mirror.example.com'] } },
            // containerd refuses mirrors together with a config_path.
            config_path: '',
          },
        },
        'io.containerd.cri.v1.runtime': {
          containerd: {
            default_runtime_name: 'nvidia',
            runtimes: {
              nvidia: {
                runtime_type: 'io.containerd.runc.v2',
                options: { BinaryName: '/usr/bin/nvidia-container-runtime' },
              },
            },
          },
        },
      },
    });
    // With it, kboot writes what was there.
    const adopted = { ...cluster, containerd: { config: config as JsonObject } };
    const [first] = adopted.hosts;
    const written = parse((first && containerdFiles(contextOf(adopted), first)[0]?.text) ?? '');
    expect(written).toMatchObject(config as JsonObject);
  });

  it('what only one host has is stated for that host', () => {
    const gpu = `version = 3
root = '/data/containerd'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia]
  runtime_type = 'io.containerd.runc.v2'
`;
    expect(fieldsOf({ cp1: "version = 3\nroot = '/data/containerd'\n", w1: gpu })).toEqual({
      'spec.containerd.config': { root: '/data/containerd' },
      'spec.hosts.1.containerd.config': {
        plugins: {
          'io.containerd.cri.v1.runtime': {
            containerd: { runtimes: { nvidia: { runtime_type: 'io.containerd.runc.v2' } } },
          },
        },
      },
    });
  });

  it('of version 2 is read as containerd 2 reads it', () => {
    const old = stringify({
      version: 2,
      plugins: {
        'io.containerd.grpc.v1.cri': {
          ...{ sandbox_image: 'mine/pause:1', max_concurrent_downloads: 9, stream_server_port: '10010' },
          containerd: { snapshotter: 'zfs', runtimes: { crun: { runtime_type: 'io.containerd.runc.v2' } } },
          cni: { bin_dir: '/usr/lib/cni' },
        },
        'io.containerd.snapshotter.v1.zfs': { root_path: '/tank' },
      },
    });
    expect(asVersion3(parse(old) as JsonObject)).toEqual({
      version: 3,
      plugins: {
        'io.containerd.cri.v1.images': {
          ...{ pinned_images: { sandbox: 'mine/pause:1' }, max_concurrent_downloads: 9, snapshotter: 'zfs' },
        },
        'io.containerd.cri.v1.runtime': {
          containerd: { runtimes: { crun: { runtime_type: 'io.containerd.runc.v2' } } },
          cni: { bin_dirs: ['/usr/lib/cni'] },
        },
        'io.containerd.grpc.v1.cri': { stream_server_port: '10010' },
        'io.containerd.snapshotter.v1.zfs': { root_path: '/tank' },
      },
    });
  });

  it('refuses what is not TOML, and a secret by its name', () => {
    const reasons = (text: string): readonly string[] =>
      containerdObstacles(contextOf(cluster), seen({ w1: text })).map(({ message }) => message);
    expect(reasons('a = [')).toEqual(['w1: /etc/containerd/config.toml cannot be read as TOML']);
    const login = `version = 2
[plugins.'io.containerd.grpc.v1.cri'.registry.configs.'r.example.com'.auth]
  username = 'me'
  password = 'hunter2'
`;
    expect(reasons(login)).toEqual([
      expect.stringMatching(/^w1: .* has a secret, .*r\.example\.com\.auth\.password,/),
    ]);
    expect(reasons(login).join()).not.toContain('hunter2');
    expect(reasons('')).toEqual([]);
  });
});
