import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { labKubelet, type SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { hasClusterBundle } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

/** kubeadm's program: KBOOT_KUBEADM, or `kubeadm` in the folder BUNDLE-kubeadm. */
export const kubeadmOf = (bundle: string): string =>
  process.env['KBOOT_KUBEADM'] ?? join(`${bundle}-kubeadm`, 'kubeadm');

const ownBundle = process.env['KBOOT_BUNDLE'] ?? '';

/** Whether clusters can be made with kubeadm here, of the files of a bundle (default: KBOOT_BUNDLE). */
export const kubeadmWith = (bundle = ownBundle): boolean => hasClusterBundle && existsSync(kubeadmOf(bundle));

export const hasKubeadm = kubeadmWith();

export const unlessKubeadm = hasKubeadm
  ? ''
  : ' [NOT RUN: KBOOT_BUNDLE names no bundle with a kubelet, or KBOOT_KUBEADM no kubeadm]';

/** Shell that writes the drop-in with which kubeadm's packages start a kubelet. */
export const kubeadmDropIn = `cat > /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf <<'X'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
X`;

/** Shell that writes the kubelet's unit of kubeadm's packages. */
export const kubeletUnit = `cat > /usr/lib/systemd/system/kubelet.service <<'X'
[Unit]
Description=kubelet: The Kubernetes Node Agent
[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10
[Install]
WantedBy=multi-user.target
X
${kubeadmDropIn}`;

/** What an administrator installs before `kubeadm init`: by hand, and not where kboot would put all of it. */
const install = (pause: string): string => `set -e
cd /srv/brought
tar -C /usr/local -xzf archives/*/containerd-*.tar.gz
mkdir -p /opt/cni/bin /etc/containerd/conf.d /usr/lib/systemd/system/kubelet.service.d /etc/kubernetes/manifests
tar -C /opt/cni/bin -xzf archives/*/cni-plugins-*.tgz
install -m 755 bin/*/runc /usr/local/sbin/runc
for p in kubelet kubectl; do install -m 755 bin/*/$p /usr/bin/$p; done
install -m 755 kubeadm /usr/bin/kubeadm
tar -C /usr/local/bin -xzf archives/*/crictl-*.tar.gz
cat > /etc/containerd/config.toml <<'X'
version = 3
imports = ['/etc/containerd/conf.d/*.toml']
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${pause}'
X
cat > /etc/containerd/conf.d/lab.toml <<'X'
version = 3
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
X
cat > /usr/lib/systemd/system/containerd.service <<'X'
[Unit]
Description=containerd
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
LimitNOFILE=infinity
TasksMax=infinity
[Install]
WantedBy=multi-user.target
X
${kubeletUnit}
swapoff -a; sed -i '/ swap /d' /etc/fstab
sysctl -q -w net.ipv4.ip_forward=1
mount --make-rshared /
systemctl daemon-reload
systemctl enable -q --now containerd
systemctl enable -q kubelet
for i in images/*/*.tar; do ctr -n k8s.io images import "$i" >/dev/null; done
rm -rf /srv/brought`;

/** What a cluster of kubeadm has beyond its defaults. Objects are merged into those that the lab needs. */
export interface KubeadmCluster {
  /** The CNI, applied by kubectl on the first control plane. */
  readonly manifest: string;
  /** controlPlaneEndpoint */
  readonly endpoint?: string;
  /** Folder of the bundle whose programs and images it has; default: KBOOT_BUNDLE. */
  readonly bundle?: string;
  /** Of kubeadm; default: v1.36.2. */
  readonly version?: string;
  readonly sandbox?: string;
  /** Fields of the ClusterConfiguration, over those of the lab. */
  readonly cluster?: object;
  /** Fields of the InitConfiguration. */
  readonly init?: object;
  /** Fields of the KubeletConfiguration, over those of the lab. */
  readonly kubelet?: object;
  /** Fields of the KubeProxyConfiguration, over those of the lab. */
  readonly proxy?: object;
  /** A script that runs on every host once its programs are there, before kubeadm; `$1` is the host's name. */
  readonly prepare?: string;
}

const config = (address: string, given: KubeadmCluster): string => {
  const { endpoint, version = 'v1.36.2' } = given;
  return [
    {
      ...{ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'InitConfiguration' },
      localAPIEndpoint: { advertiseAddress: address },
      nodeRegistration: { criSocket: 'unix:///run/containerd/containerd.sock' },
      ...given.init,
    },
    {
      ...{ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion: version },
      ...(endpoint !== undefined && { controlPlaneEndpoint: endpoint }),
      networking: { podSubnet: '10.42.0.0/16' },
      apiServer: {
        certSANs: ['api.example.com'],
        extraArgs: [{ name: 'event-ttl', value: '2h' }],
        extraVolumes: [
          {
            ...{ name: 'audit', hostPath: '/srv/audit', mountPath: '/srv/audit' },
            pathType: 'DirectoryOrCreate',
          },
        ],
      },
      ...given.cluster,
    },
    {
      ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
      ...labKubelet,
      maxPods: 90,
      ...given.kubelet,
    },
    {
      ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' },
      conntrack: { maxPerCore: 0 },
      ...given.proxy,
    },
  ]
    .map((object) => stringify(object))
    .join('---\n');
};

/** Pipes the output of a command of this machine into a command on a host. */
export async function pour(site: ClusterSite, host: string, from: string, to: string): Promise<void> {
  const { exitCode, stderr } = await site.lab.exec([
    ...['sh', '-c', `${from} | "$@" '${to}'`, 'sh'],
    ...site.lab.sshArgv(host),
  ]);
  if (exitCode !== 0) throw new Error(`${to} on ${host}: ${stderr}`);
}

async function copy(site: ClusterSite, host: string, bundle: string): Promise<void> {
  const unpack = 'mkdir -p /srv/brought && tar -C /srv/brought -x';
  await pour(site, host, `tar -C ${bundle} -c archives bin images`, unpack);
  await pour(site, host, `cat ${kubeadmOf(bundle)}`, 'cat > /srv/brought/kubeadm');
}

/** The lab's kernel is not one that kubeadm verifies. */
export const ignore = '--ignore-preflight-errors=all';

/** Makes a cluster with kubeadm. */
export async function kubeadmCluster(
  site: ClusterSite,
  hosts: readonly SiteHost[],
  given: KubeadmCluster,
): Promise<void> {
  const { manifest, bundle = ownBundle, sandbox = 'registry.k8s.io/pause:3.10.2', prepare } = given;
  await Promise.all(
    hosts.map(async ({ name }) => {
      await copy(site, name, bundle);
      await output(site.lab, name, install(sandbox));
      if (prepare !== undefined) await output(site.lab, name, `set -- ${name}\n${prepare}`);
    }),
  );
  const [first, ...others] = hosts;
  if (first === undefined) return;
  await site.lab.ssh(first.name, 'cat > /root/kubeadm.yaml', { input: config(first.address, given) });
  await output(
    site.lab,
    first.name,
    `kubeadm init --config /root/kubeadm.yaml --upload-certs ${ignore} 2>&1`,
  );
  const kubectl = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
  await site.lab.ssh(first.name, 'cat > /root/cni.yaml', { input: manifest });
  await output(site.lab, first.name, `${kubectl} apply -f /root/cni.yaml`);
  const key = await output(
    site.lab,
    first.name,
    `kubeadm init phase upload-certs --upload-certs --config /root/kubeadm.yaml 2>/dev/null | tail -n 1`,
  );
  const join = await output(site.lab, first.name, 'kubeadm token create --print-join-command 2>/dev/null');
  for (const { name, roles, address } of others) {
    const plane = roles.includes('control-plane')
      ? ` --control-plane --certificate-key ${key} --apiserver-advertise-address ${address}`
      : '';
    await output(site.lab, name, `${join}${plane} --node-name ${name} ${ignore} 2>&1`);
  }
}

/** Start times of all containers of a host, by name of Pod and container: `kube-system/etcd-cp-1 etcd 2026-…`. */
export async function containerStarts(site: ClusterSite): Promise<readonly string[]> {
  const list = JSON.parse(
    await output(site.lab, 'cp-1', 'kubectl --kubeconfig /etc/kubernetes/admin.conf get pods -A -o json'),
  ) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly namespace: string };
      readonly status: {
        readonly containerStatuses?: readonly {
          readonly name: string;
          readonly state: { readonly running?: { readonly startedAt: string } };
        }[];
      };
    }[];
  };
  return list.items
    .flatMap(({ metadata, status }) =>
      (status.containerStatuses ?? []).map(
        ({ name, state }) =>
          `${metadata.namespace}/${metadata.name} ${name} ${state.running?.startedAt ?? 'not running'}`,
      ),
    )
    .sort();
}
