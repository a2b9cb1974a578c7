import { resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { draftInventory, type AdoptedDraft } from '../../../src/app/adopt/draft.ts';
import type { SeenCluster } from '../../../src/desire/adopt/types.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { hostsWith, type Cluster } from '../../../src/model/cluster.ts';
import { good } from '../../samples/inspection.ts';
import { golden as goldenText, ha, host, single as sample } from '../../samples/text.ts';

/* What kubeadm itself wrote (test/golden/kubeadm) becomes an inventory that says the same. */

/** The address of the sample is in the default network of Services, which kboot refuses. */
const golden = (path: string): string => goldenText(path).replaceAll('10.99.7.11', '10.9.7.11');
const single = (): Cluster => sample({ hosts: [host('cp1', '10.9.7.11', ['control-plane'])] });

const podsOf = (folder: string): readonly string[] => [
  ...(folder === 'external-etcd' ? [] : ['etcd']),
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
];

/** The cluster of a golden folder as adopt reads it; `change` edits texts by path or name. */
function seenOf(
  folder: string,
  cluster: Cluster,
  change: (name: string, text: string) => string = (_name, text) => text,
): SeenCluster {
  const objects = (loadAll(golden(`${folder}/objects.yaml`)) as KubeObject[]).filter(Boolean);
  const configMaps = new Map(
    objects
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata, ...rest }) => [
        metadata.name,
        Object.fromEntries(
          Object.entries((rest['data'] ?? {}) as Record<string, string>).map(([key, text]) => [
            key,
            change(`${metadata.name} ${key}`, text),
          ]),
        ),
      ]),
  );
  const plane = hostsWith(cluster, 'control-plane')[0];
  return {
    configMaps,
    daemonSets: [
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { namespace: 'kube-system', name: 'kube-proxy' },
      },
      {
        ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
        metadata: { namespace: 'kube-flannel', name: 'kube-flannel-ds' },
      },
    ],
    nodes: cluster.hosts.map(({ name, address, secondAddress, roles }) => ({
      ...{ apiVersion: 'v1', kind: 'Node' },
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          ...(roles.includes('control-plane') && { 'node-role.kubernetes.io/control-plane': '' }),
          ...(roles.includes('worker') && { zone: 'a' }),
        },
      },
      spec: roles.includes('control-plane')
        ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }
        : { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
      status: {
        addresses: [address, ...(secondAddress === undefined ? [] : [secondAddress])].map((each) => ({
          type: 'InternalIP',
          address: each,
        })),
        nodeInfo: { operatingSystem: 'linux', containerRuntimeVersion: 'containerd://2.2.7' },
      },
    })),
    hosts: new Map(
      cluster.hosts.map((host) => [
        host.name,
        {
          inspection: good(host),
          files: new Map(
            host === plane
              ? podsOf(folder).map((name) => [
                  `/etc/kubernetes/manifests/${name}.yaml`,
                  change(name, golden(`${folder}/${name}.yaml`)),
                ])
              : [],
          ),
        },
      ]),
    ),
  };
}
const withFlannel = (seen: SeenCluster, config: object): SeenCluster => ({
  ...seen,
  configMaps: new Map([
    ...seen.configMaps,
    ['kube-flannel-cfg', { 'net-conf.json': JSON.stringify(config) }],
  ]),
});
const vxlan = { Network: '10.244.0.0/16', Backend: { Type: 'vxlan' } };
const draft = (seen: SeenCluster): AdoptedDraft =>
  draftInventory(
    { file: 'cluster.yaml', ssh: { user: 'ops' }, externalFolder: '.kboot/x/external-etcd' },
    seen,
  );
const reasons = (seen: SeenCluster): readonly string[] => draft(seen).obstacles.map(({ message }) => message);

describe('a cluster of kubeadm with nothing special', () => {
  const seen = withFlannel(seenOf('single', single()), vxlan);

  it('becomes an inventory without settings', () => {
    const { text, obstacles } = draft(seen);
    expect(obstacles).toEqual([]);
    expect(text.replace(/^#.*\n/gm, '').trim()).toBe(
      `
apiVersion: kboot.dev/v1
kind: Cluster
metadata:
  name: kubernetes
spec:
  kubernetesVersion: v1.36.2
  security:
    # as kubeadm left it; baseline hardens it (docs/security-profiles.md)
    profile: kubeadm
  ssh:
    user: ops
  hosts:
    - name: cp1
      roles: [control-plane]
      address: 10.9.7.11
`.trim(),
    );
  });

  it('without kube-proxy, it stays so, whatever is left of its configuration', () => {
    const replaced = { ...seen, daemonSets: seen.daemonSets.slice(1) };
    const { text, cluster } = draft(replaced);
    expect(text).toMatch(/kubeProxy:\n +# this cluster has no kube-proxy; .* and yours\n +enabled: false/);
    expect(cluster?.kubeProxy).toBeUndefined();
    expect(text).not.toMatch(/config:/);
  });

  it('another CNI, and a flannel that kboot does not have, stay: cni is none, with the reason', () => {
    const calico: SeenCluster = {
      ...seen,
      daemonSets: [
        ...seen.daemonSets.slice(0, 1),
        { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'calico', name: 'calico-node' } },
      ],
    };
    expect(draft(calico).text).toMatch(/# calico\/calico-node stays as it is, and yours\n +cni: none/);
    const other = withFlannel(seen, { Network: '10.244.0.0/16', Backend: { Type: 'vxlan', Port: 4789 } });
    expect(draft(other).text).toMatch(/# flannel's backend .*4789.*\n +cni: none/);
    const gateway = withFlannel(seen, { Network: '10.244.0.0/16', Backend: { Type: 'host-gw' } });
    expect(draft(gateway).cluster?.networking.flannel).toEqual({ backend: 'host-gw' });
  });

  it('volumes of static Pods become extraVolumes', () => {
    const volumes = withFlannel(seenOf('extra-volumes', single()), vxlan);
    const { cluster, obstacles } = draft(volumes);
    expect(obstacles).toEqual([]);
    expect(cluster?.apiServer.extraVolumes?.length).toBeGreaterThan(0);
  });
});

describe('a cluster whose etcd is external', () => {
  it('becomes an inventory that names it, wherever kubeadm had the credentials', () => {
    const elsewhere = (_name: string, text: string): string =>
      text
        .replaceAll('/etc/kubernetes/pki/etcd/ca.crt', '/srv/etcd/ca.pem')
        .replaceAll('/etc/kubernetes/pki/apiserver-etcd-client', '/srv/etcd/client');
    const plane = sample({ hosts: [host('cp-1', '10.0.0.11', ['control-plane'])] });
    for (const change of [undefined, elsewhere]) {
      const { cluster, text, obstacles } = draft(withFlannel(seenOf('external-etcd', plane, change), vxlan));
      expect(obstacles).toEqual([]);
      expect(cluster?.apiServer.extraArgs).toEqual([]);
      expect(cluster?.etcd.external).toEqual({
        endpoints: ['https://10.0.0.21:2379', 'https://10.0.0.22:2379'],
        caFile: resolve('.kboot/x/external-etcd/ca.crt'),
        certFile: resolve('.kboot/x/external-etcd/client.crt'),
        keyFile: resolve('.kboot/x/external-etcd/client.key'),
      });
      expect(text).toContain('# from kubeadm-config; the members are not changed.');
    }
  });
});

it('what no field can state is named before anything happens: patches of kubeadm, variables in the unit of containerd', () => {
  const patched = (name: string, text: string): string =>
    name === 'kube-scheduler'
      ? text
          .replace('cpu: 100m', 'cpu: 300m\n        memory: 1Gi')
          .replace('    tier: control-plane', '    tier: control-plane\n    team: a')
      : text;
  const seen = withFlannel(seenOf('single', single(), patched), vxlan);
  const unit = `# /usr/lib/systemd/system/containerd.service
[Service]
Environment="HTTPS_PROXY=http://secret@proxy"
ExecStart=/usr/bin/containerd

# /etc/systemd/system/containerd.service.d/own.conf
[Service]
Environment=MINE=1
`;
  const running = { containerdPath: '', containerd: '', containerdDefaults: '', kubeletFlags: [] };
  const { warnings, text, obstacles } = draft({
    ...seen,
    hosts: new Map(
      [...seen.hosts].map(([name, host]) => [
        name,
        { ...host, running: { ...running, containerdUnit: unit } },
      ]),
    ),
  });
  expect(obstacles).toEqual([]);
  const at = 'cp1: /etc/kubernetes/manifests/kube-scheduler.yaml:';
  expect(warnings.slice(1).map((line) => line.replace(/;.*/, ''))).toEqual([
    'cp1: /usr/lib/systemd/system/containerd.service: HTTPS_PROXY is dropped with this unit',
    `${at} metadata.labels.team "a" is dropped`,
    `${at} spec.containers[0].resources.requests.cpu "300m" becomes "100m"`,
    `${at} spec.containers[0].resources.requests.memory "1Gi" is dropped`,
  ]);
  expect(text).toContain('#   cp1: /usr/lib/systemd/system/containerd.service: HTTPS_PROXY is dropped');
  expect(text).not.toContain('secret@');
});

it('flags of the kubelet are stated, except those that a file keeps in force and those that kboot sets', () => {
  const seen = withFlannel(seenOf('single', single()), vxlan);
  const config = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
  const flags = [
    '--config=/var/lib/kubelet/config.yaml',
    '--node-ip=10.9.7.11',
    '--v=2',
    '--max-pods=77',
    '--image-gc-high-threshold=90',
  ];
  const running = { containerdPath: '', containerd: '', containerdDefaults: '', containerdUnit: '' };
  const { cluster } = draft({
    ...seen,
    hosts: new Map(
      [...seen.hosts].map(([name, host]) => [
        name,
        {
          ...host,
          running: { ...running, kubeletFlags: flags },
          files: new Map([
            ...host.files,
            ['/var/lib/kubelet/config.yaml', config],
            [
              '/var/lib/kubelet/kubeadm-flags.env',
              'KUBELET_KUBEADM_ARGS="--node-ip=10.9.7.11 --image-gc-high-threshold=90"',
            ],
            ['/etc/default/kubelet', 'KUBELET_EXTRA_ARGS="--v=2"'],
          ]),
        },
      ]),
    ),
  });
  expect(cluster?.kubelet.extraArgs).toEqual([
    { name: 'image-gc-high-threshold', value: '90' },
    { name: 'max-pods', value: '77' },
  ]);
});

describe('a cluster with settings for everything', () => {
  it('becomes an inventory with the same settings', () => {
    const was = ha();
    const seen = withFlannel(seenOf('ha', was), vxlan);
    const { cluster, obstacles } = draft(seen);
    // Hosts of a dual-stack cluster need both addresses: the sample is for texts only.
    expect(obstacles.map(({ message }) => message).join('\n')).toMatch(
      /one address, but the networks are dual-stack/,
    );
    expect(cluster).toBeUndefined();
    const dual: Cluster = {
      ...was,
      hosts: was.hosts.map((host, index) => ({ ...host, secondAddress: `fd00::1${index}` })),
    };
    // Its file is not mounted, which kboot refuses.
    const mounted = (_name: string, text: string): string =>
      text.replace('--authorization-config=/etc/kubernetes/authz.yaml', '--authorization-mode=Node,RBAC');
    const whole = draft(withFlannel(seenOf('ha', dual, mounted), vxlan));
    expect(whole.obstacles.map(({ message }) => message)).toEqual([]);
    const same = ({
      controlPlaneEndpoint,
      networking,
      imageRepository,
      scheduler,
      controllerManager,
    }: Cluster): object => ({
      ...{ controlPlaneEndpoint, networking, imageRepository, scheduler, controllerManager },
    });
    expect(whole.cluster && same(whole.cluster)).toEqual(same(was));
    expect(whole.cluster?.etcd.extraArgs).toEqual(was.etcd.extraArgs);
    expect(whole.cluster?.apiServer).toEqual({
      ...was.apiServer,
      extraArgs: was.apiServer.extraArgs.slice(0, -1),
    });
    expect(whole.cluster?.hosts.map(({ labels }) => labels).at(-1)).toEqual({ zone: 'a' });
    expect(whole.cluster?.hosts.map(({ taints }) => taints).at(-1)).toEqual([]);
  });
});

describe('what cannot be taken over', () => {
  const seen = withFlannel(seenOf('single', single()), vxlan);
  const node = (status: object): SeenCluster => ({
    ...seen,
    nodes: seen.nodes.map((each) => ({
      ...each,
      status: { ...(each['status'] as object), nodeInfo: status },
    })),
  });

  it.each([
    ['Windows', node({ operatingSystem: 'windows' }), /cp1 runs Windows/],
    [
      'a runtime',
      node({ containerRuntimeVersion: 'cri-o://1.36' }),
      /container runtime of cp1 is not containerd/,
    ],
    ['no kubeadm', { ...seen, configMaps: new Map() }, /no ConfigMap kube-system\/kubeadm-config/],
    [
      'an upgrade of kubeadm that has not ended',
      seenOf('single', single(), (name, text) =>
        name === 'kube-scheduler' ? text.replace(':v1.36.2', ':v1.35.6') : text,
      ),
      /several versions: kubeadm-config says v1\.36\.2, but kube-scheduler of cp1 is v1\.35\.6$/,
    ],
    [
      'a kubelet that is newer',
      node({ operatingSystem: 'linux', kubeletVersion: 'v1.36.3' }),
      /several versions: .* the kubelet of cp1 is v1\.36\.3$/,
    ],
    [
      'a version',
      seenOf('single', single(), (_name, text) => text.replaceAll('v1.36.2', 'v1.29.3')),
      /Kubernetes v1\.29\.3 is not known/,
    ],
    [
      'no Pod network',
      seenOf('single', single(), (name, text) =>
        name.startsWith('kubeadm-config') ? text.replace(/ *podSubnet:.*\n/, '') : text,
      ),
      /no Pod network/,
    ],
    [
      'a port of the API server',
      seenOf('single', single(), (_name, text) =>
        text.replaceAll('--secure-port=6443', '--secure-port=7443'),
      ),
      /secure-port.*cannot be changed/,
    ],
  ])('%s', (_title, cluster, pattern) => {
    expect(reasons(cluster).join('\n')).toMatch(pattern);
  });

  it('an older kubelet is not among it: the first up upgrades it', () => {
    const { obstacles, warnings } = draft(node({ operatingSystem: 'linux', kubeletVersion: 'v1.35.6' }));
    expect(obstacles).toEqual([]);
    expect(warnings.join()).toMatch(
      /the kubelets of cp1 \(v1\.35\.6\) are older than v1\.36\.2; `kboot up` upgrades/,
    );
  });

  it('tells all of it at once', () => {
    const { configMaps } = seenOf('single', single(), (name, text) =>
      name.startsWith('kubeadm-config') ? text.replace(/ *podSubnet:.*\n/, '') : text,
    );
    const broken = { ...node({ containerRuntimeVersion: 'cri-o://1' }), configMaps };
    expect(reasons(broken)).toHaveLength(2);
  });
});
