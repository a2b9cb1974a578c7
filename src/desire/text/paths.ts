import { backupUnit } from '../../model/backup.ts';
import { kubeletPki } from '../../resource/kubelet-pki.ts';
import { proxyFile } from '../../resource/prelude.ts';

/** Paths on a host. Unit, drop-in and binaries are kboot's choice; the rest is kubeadm's layout. */
export const paths = {
  manifests: '/etc/kubernetes/manifests',
  pki: '/etc/kubernetes/pki',
  kubeletConfig: '/var/lib/kubelet/config.yaml',
  kubeletInstanceConfig: '/var/lib/kubelet/instance-config.yaml',
  kubeletFlags: '/var/lib/kubelet/kubeadm-flags.env',
  kubeletUnit: '/etc/systemd/system/kubelet.service',
  kubeletDropIn: '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf',
  kubeletClientPem: '/var/lib/kubelet/pki/kubelet-client-current.pem',
  kubeletServingCert: `${kubeletPki}/kubelet-server.crt`,
  kubeletServingKey: `${kubeletPki}/kubelet-server.key`,
  kubelet: '/usr/bin/kubelet',
  containerdConfig: '/etc/containerd/config.toml',
  registries: '/etc/containerd/certs.d',
  containerdDropIn: '/etc/systemd/system/containerd.service.d/kboot-proxy.conf',
  containerdUnit: '/etc/systemd/system/containerd.service',
  containerd: '/usr/local/bin/containerd',
  crictlConfig: '/etc/crictl.yaml',
  etcdUnit: '/etc/systemd/system/etcd.service',
  etcd: '/usr/local/bin/etcd',
  backupProgram: `/usr/local/sbin/${backupUnit}`,
  backupService: `/etc/systemd/system/${backupUnit}.service`,
  backupTimer: `/etc/systemd/system/${backupUnit}.timer`,
  backupCredentials: `/etc/kubernetes/${backupUnit}.s3`,
  /** Certificates of those who can decrypt backups. */
  backupRecipients: `/etc/kubernetes/${backupUnit}.recipients`,
  backupCa: `/etc/kubernetes/${backupUnit}-s3-ca.crt`,
  timesyncd: '/etc/systemd/timesyncd.conf.d/kboot.conf',
  chronySources: '/etc/chrony/sources.d/kboot.sources',
  chronydConfig: '/etc/chrony-kboot.conf',
  chronydEnvironment: '/etc/chrony-kboot.env',
  chronydDropIn: '/etc/systemd/system/chronyd.service.d/kboot.conf',
  modules: '/etc/modules-load.d/kboot.conf',
  sysctls: '/etc/sysctl.d/99-kboot.conf',
  /** In kboot's own folder: the functions of resource/prelude.ts read it. */
  proxy: proxyFile,
} as const;

/** As kubeadm writes it into instance-config.yaml; /var/run is a link to /run. */
export const criSocket = 'unix:///var/run/containerd/containerd.sock';
