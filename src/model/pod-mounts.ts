import { dirname } from 'node:path/posix';
import {
  hasExternalEtcd,
  type Cluster,
  type Component,
  type ExtraArg,
  type ExtraVolume,
  type Host,
  type PathType,
} from './cluster.ts';
import type { StaticPodComponent } from './component.ts';

/*
 * What the static Pods see of the host's files, and which files their flags name. The texts of the Pods are in
 * templates/static-pods; a test compares them with the mounts here.
 */

/** The CA folders and the PKI; those of other distributions are only mounted where they exist. */
const certificates: Readonly<Record<string, string>> = {
  'ca-certs': '/etc/ssl/certs',
  'k8s-certs': '/etc/kubernetes/pki',
  'etc-pki-ca-trust': '/etc/pki/ca-trust',
  'etc-pki-tls-certs': '/etc/pki/tls/certs',
  'etc-ca-certificates': '/etc/ca-certificates',
  'usr-share-ca-certificates': '/usr/share/ca-certificates',
  'usr-local-share-ca-certificates': '/usr/local/share/ca-certificates',
};

/** kboot's and kubeadm's own volumes by Pod: name and path, on the host as in the Pod. */
export const ownMounts: Readonly<Record<StaticPodComponent, Readonly<Record<string, string>>>> = {
  'kube-apiserver': certificates,
  'kube-controller-manager': {
    ...certificates,
    kubeconfig: '/etc/kubernetes/controller-manager.conf',
    'flexvolume-dir': '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
  },
  'kube-scheduler': { kubeconfig: '/etc/kubernetes/scheduler.conf' },
  // Its data folder is not for other files.
  etcd: { 'etcd-certs': '/etc/kubernetes/pki/etcd' },
};

/** Flags with a leading slash that is not a path: a prefix of keys, paths of URLs. */
const notPaths = ['etcd-prefix', 'authorization-always-allow-paths'];

/** Flags of files and folders that the component writes; missing ones are created. */
const written = ['audit-log-path', 'cert-dir', 'log-dir', 'log-file', 'log-outputs'];

/** A file or folder that a flag names. */
export interface FlagPath {
  readonly path: string;
  /** Only read; false: written, and created if missing. */
  readonly isRead: boolean;
}

/**
 * The absolute paths in a flag: its value or the items of a list (`a,b`), `key=path` as in etcd's --auth-token, and
 * `cert,key:domain` as in --tls-sni-cert-key. `-` and URLs are none.
 */
export function flagPaths({ name, value }: ExtraArg): readonly FlagPath[] {
  const flag = name.replaceAll('_', '-');
  if (notPaths.includes(flag)) return [];
  const words = value.split(',').map((item) => item.replace(/^[\w-]+=(?=\/)/, ''));
  return words
    .map((word) => (flag === 'tls-sni-cert-key' ? word.replace(/:.*$/, '') : word))
    .filter((word) => /^\/[^/]/.test(word))
    .map((path) => ({ path: path.replace(/\/+$/, ''), isRead: !written.includes(flag) }));
}

/** Whether `path` is `folder`, or in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The path on the host of a path in a static Pod; undefined: it is not mounted. The longest mount path applies. */
export function hostPathOf(
  pod: StaticPodComponent,
  extraVolumes: readonly Pick<ExtraVolume, 'hostPath' | 'mountPath'>[],
  path: string,
): string | undefined {
  const own = Object.values(ownMounts[pod]).map((mounted) => ({ hostPath: mounted, mountPath: mounted }));
  const [mount] = [...extraVolumes, ...own]
    .filter(({ mountPath }) => isWithin(path, mountPath))
    .sort((one, other) => other.mountPath.length - one.mountPath.length);
  return mount && `${mount.hostPath}${path.slice(mount.mountPath.length)}`;
}

/** The settings of a component that decide what its Pod sees. */
export interface PodSettings extends Pick<Component, 'extraArgs'> {
  readonly extraVolumes?: readonly Pick<ExtraVolume, 'hostPath' | 'mountPath'>[];
}

/** Whether a static Pod reads a file of the host: it mounts it by an extra volume, or one of its flags names it. */
export function readsFile(
  pod: StaticPodComponent,
  { extraArgs, extraVolumes = [] }: PodSettings,
  file: string,
): boolean {
  return (
    extraVolumes.some(({ hostPath }) => isWithin(file, hostPath)) ||
    extraArgs.flatMap(flagPaths).some(({ path, isRead }) => {
      const onHost = isRead ? hostPathOf(pod, extraVolumes, path) : undefined;
      return onHost !== undefined && isWithin(file, onHost);
    })
  );
}

/** The volume that mounts a file at its own path: what to write into extraVolumes. */
export function volumeFor(path: string, isRead: boolean): ExtraVolume {
  const mounted = isRead ? path : dirname(path);
  const name = (mounted.split('/').at(-1) ?? '')
    .toLowerCase()
    .replace(/\.[a-z]+$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return {
    name: name === '' ? 'files' : name.slice(0, 63),
    hostPath: mounted,
    mountPath: mounted,
    readOnly: isRead,
    pathType: isRead ? 'File' : 'DirectoryOrCreate',
  };
}

/** The static Pods that kboot runs on a host, and their settings. */
export function staticPodsOf(
  cluster: Cluster,
  host: Host,
): readonly (readonly [StaticPodComponent, Component])[] {
  if (!host.roles.includes('control-plane')) return [];
  return [
    ...(hasExternalEtcd(cluster) ? [] : [['etcd', cluster.etcd] as const]),
    ['kube-apiserver', cluster.apiServer],
    ['kube-controller-manager', cluster.controllerManager],
    ['kube-scheduler', cluster.scheduler],
  ];
}

/** A path on a host that must be there before a static Pod starts. */
export interface NeededPath {
  readonly pod: StaticPodComponent;
  readonly path: string;
  /** What Kubernetes requires it to be; '': anything that exists. */
  readonly type: PathType;
}

/** kboot's own files for static Pods. */
const issued =
  /^\/etc\/kubernetes\/(pki\/(ca|sa|apiserver[\w-]*|front-proxy-[\w-]*|etcd\/[\w-]+)\.(crt|key|pub)|[\w-]+\.conf)$/;

/** What the static Pods of a host need that neither kboot nor spec.files puts there. */
export function neededPaths(cluster: Cluster, host: Host): readonly NeededPath[] {
  const laid = (cluster.files ?? []).filter(({ hosts }) => hosts.includes(host.name));
  const needed = staticPodsOf(cluster, host).flatMap(([pod, { extraArgs, extraVolumes = [] }]) => [
    ...extraVolumes
      .filter(({ pathType }) => pathType !== '' && !pathType.endsWith('OrCreate'))
      .map(({ hostPath, pathType }) => ({ pod, path: hostPath, type: pathType })),
    ...extraArgs
      .flatMap(flagPaths)
      .filter(({ isRead }) => isRead)
      .flatMap(({ path }): NeededPath[] => {
        const onHost = hostPathOf(pod, extraVolumes, path);
        return onHost === undefined ? [] : [{ pod, path: onHost, type: '' }];
      }),
  ]);
  const isThere = (path: string): boolean =>
    issued.test(path) || laid.some((file) => isWithin(file.path, path));
  const byPath = new Map<string, NeededPath>();
  for (const each of needed) if (!isThere(each.path) && !byPath.has(each.path)) byPath.set(each.path, each);
  return [...byPath.values()];
}
