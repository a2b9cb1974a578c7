import { backupUnit } from '../model/backup.ts';
import type { Component, Effect } from '../model/component.ts';
import {
  allChains,
  kubeChains,
  removeLinks,
  removeProxyLink,
  removeRules,
} from '../resource/network-leftovers.ts';
import { hostFolder } from '../resource/prelude.ts';
import { restoreSELinux } from '../resource/selinux.ts';
import { quote } from '../model/shell.ts';
import { swapOn } from '../resource/swap-script.ts';
import { plural } from '../model/plural.ts';
import type { ResetObservation } from '../model/reset-observation.ts';
import { dataFolders, removeFolders, unmountBelow } from './reset-data.ts';

/** One part of what kboot and Kubernetes put on a host, and how it is removed. */
export interface Removal {
  readonly what: string;
  readonly reason: string;
  /** POSIX shell, as root. */
  readonly script: string;
  readonly effects: readonly Effect[];
}

const stops = (...components: readonly Component[]): readonly Effect[] =>
  components.map((component) => ({ component, kind: 'stop' }));

/** etcd's data folder, unless the inventory has another. */
const defaultEtcdData = '/var/lib/etcd';

/**
 * Removes everything from a host that kboot and Kubernetes put there, and only that; read from top to bottom. The
 * stamp is removed last: an interrupted run can start again and has the same result. With `foreignEtcd`, an etcd
 * service or data on the host is not kboot's. `etcdDataDir`: spec.etcd.dataDir. With `foreignCni`, the Pod network is
 * not kboot's, and its links, rules and configuration stay. `deleteBackups`: snapshots that the host took by itself go, too.
 */
export function resetRemovals(
  seen: ResetObservation,
  foreignEtcd = false,
  etcdDataDir = defaultEtcdData,
  foreignCni = false,
  deleteBackups = false,
): readonly Removal[] {
  if (!seen.present) return [];
  const data = dataFolders(...(foreignEtcd ? [] : etcdFolders(seen, etcdDataDir)));
  const removals: readonly (Omit<Removal, 'effects'> & Partial<Removal>)[] = [
    ...(seen.backup === undefined ? [] : backupRemovals(seen.backup, deleteBackups)),
    {
      what: 'unit kubelet',
      reason: 'stopped and disabled',
      script: stopUnit('kubelet'),
      effects: stops('kubelet'),
    },
    {
      what: 'load-balancer',
      reason: 'keepalived and haproxy stopped, virtual IP released',
      script: stopBalancer,
      effects: stops('keepalived', 'haproxy'),
    },
    {
      what: 'pods',
      reason: `${seen.containers} containers stopped`,
      script: stopContainers,
      effects: stops(...podComponents.filter((name) => !foreignCni || name !== 'flannel')),
    },
    {
      what: 'unit containerd',
      reason: 'stopped and disabled',
      script: [stopUnit('containerd'), ...(foreignEtcd ? [] : [stopUnit('etcd')]), endShims].join('; '),
      effects: stops('containerd', ...(foreignEtcd ? [] : (['etcd'] as const))),
    },
    {
      what: 'mounts',
      reason: 'below the data folders, /run/containerd and /run/netns; those of /etc/fstab stay',
      script: unmountBelow(data),
    },
    ...(foreignCni
      ? [
          { what: 'links', reason: "kube-proxy's; those of your CNI stay", script: removeProxyLink },
          {
            what: 'rules',
            reason: 'only the chains and tables of kube-proxy; those of your CNI stay',
            script: removeRules(kubeChains),
          },
        ]
      : [
          { what: 'links', reason: "flannel, cni0 and the Pods' veth interfaces", script: removeLinks },
          {
            what: 'rules',
            reason: 'only the chains and tables of kube-proxy, flannel and CNI',
            script: removeRules(allChains),
          },
        ]),
    {
      what: 'data',
      reason: `${data.join(', ')}${emptied(seen.keptFolders)}`,
      script: `{ ${removeFolders(data)}; } || exit
${removeLeftovers(foreignCni)}`,
    },
    {
      what: 'files',
      reason: `${seen.owned} created by kboot are removed; ${seen.kept} from before are restored`,
      script: removeOwned,
    },
    { what: 'units', reason: 'enabled and active as before', script: restoreUnits },
    { what: 'users', reason: 'those that kboot created are removed', script: removeUsers },
    { what: 'sysctl', reason: 'previous values restored', script: restoreSysctls },
    ...(seen.swap
      ? [{ what: 'swap', reason: 'restored: /etc/fstab, units, active areas', script: swapOn }]
      : []),
    ...(seen.selinux ? [{ what: 'selinux', reason: 'enforcing again', script: restoreSELinux }] : []),
    {
      what: 'folder',
      reason: hostFolder,
      script: `systemctl daemon-reload; systemctl reset-failed 2>/dev/null; ${removeFolders([hostFolder])}`,
    },
  ];
  return removals.map((removal) => ({ effects: [], ...removal }));
}

/** The files of the timer are among those that kboot created. */
function backupRemovals(
  { directory, snapshots }: NonNullable<ResetObservation['backup']>,
  deleted: boolean,
): readonly Omit<Removal, 'effects'>[] {
  const be = snapshots === 1 ? ['is deleted', 'stays'] : ['are deleted', 'stay'];
  const kept =
    snapshots === 0 ? '' : `; ${plural(snapshots, 'snapshot')} in ${directory} ${be[deleted ? 0 : 1] ?? ''}`;
  return [
    {
      what: `timer ${backupUnit}`,
      reason: `stopped and disabled${kept}`,
      script: `systemctl disable --now ${backupUnit}.timer 2>&1 | grep -v '^Removed'; systemctl stop ${backupUnit}.service 2>/dev/null; ${
        deleted && snapshots > 0
          ? `find ${quote(directory)} -maxdepth 1 -type f \\( -name 'etcd-backup-*.db' -o -name 'etcd-backup-*.db.cms' \\) -delete`
          : 'true'
      }`,
    },
  ];
}

/** What is said about mount points and links among the data folders. */
function emptied(kept: readonly string[]): string {
  return kept.length === 0 ? '' : `; emptied and kept, as mounted or linked: ${kept.join(', ')}`;
}

/**
 * What is removed of etcd's data. A folder that the inventory chose may have other files too, such as lost+found: only
 * what etcd writes there goes, and the folder itself if kboot created it and it is empty then.
 */
function etcdFolders(seen: ResetObservation, stated: string): readonly string[] {
  const folders = new Set([seen.etcdDataDir ?? '', stated].filter((folder) => folder !== ''));
  return [...folders].flatMap((folder) =>
    folder === defaultEtcdData ? [folder] : [`${folder}/member`, `${folder}/former`, `${folder}/restore`],
  );
}

/** What runs in Pods of this host, whichever of them do. */
const podComponents: readonly Component[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'flannel',
  'coredns',
  'metallb',
];

function stopUnit(name: string): string {
  return `if [ -e /etc/systemd/system/${name}.service ] || systemctl is-active -q ${name}; then systemctl disable --now ${name}.service 2>&1 | grep -v '^Removed' || true; fi`;
}

/** Only if kboot set them up; keepalived removes the virtual IP when it stops. */
const stopBalancer = `for u in keepalived haproxy; do
  [ ! -e ${hostFolder}/units/$u ] || systemctl stop $u.service
done
true`;

const restoreUnits = `systemctl daemon-reload
for f in ${hostFolder}/units/*; do
  [ -f "$f" ] || continue
  u=\${f##*/}.service
  read -r enabled active < "$f"
  if [ "$enabled" = enabled ]; then systemctl enable -q "$u" 2>/dev/null; else systemctl disable -q "$u" 2>/dev/null; fi
  if [ "$active" = active ]; then systemctl restart "$u"; else systemctl stop "$u" 2>/dev/null; fi
done
true`;

const stopContainers = `if [ -S /run/containerd/containerd.sock ] && command -v ctr >/dev/null; then
  for t in $(ctr -n k8s.io tasks list -q 2>/dev/null); do ctr -n k8s.io tasks kill -a -s SIGKILL "$t" 2>/dev/null; done
  for t in $(ctr -n k8s.io tasks list -q 2>/dev/null); do ctr -n k8s.io tasks delete -f "$t" >/dev/null 2>&1; done
  for c in $(ctr -n k8s.io containers list -q 2>/dev/null); do ctr -n k8s.io containers delete "$c" >/dev/null 2>&1; done
fi
true`;

/** Shims outlive containerd; processes under one of kboot's shims are killed with it. */
const endShims = `for p in /proc/[0-9]*; do
  [ "$(readlink "$p/exe" 2>/dev/null)" = /usr/local/bin/containerd-shim-runc-v2 ] || continue
  s=\${p#/proc/}
  for c in $(cat "$p"/task/*/children 2>/dev/null); do kill -9 "$c" 2>/dev/null; done
  kill -9 "$s" 2>/dev/null
done
true`;

const removeLeftovers = (
  foreignCni: boolean,
): string => `rm -rf --one-file-system -- /run/containerd${foreignCni ? '' : ' /run/flannel'} /run/xtables.lock.d /run/nri
rm -f --${foreignCni ? '' : ' /etc/cni/net.d/10-flannel.conflist /opt/cni/bin/flannel'} /run/xtables.lock
rmdir /opt/containerd/bin /opt/containerd/lib /opt/containerd 2>/dev/null
# The controller manager's folder for FlexVolume plugins, unless it contains a plugin.
rmdir -p /usr/libexec/kubernetes/kubelet-plugins/volume/exec 2>/dev/null
true`;

/** Newest first, so that folders are already empty; then the previous files are restored. */
const removeOwned = `tac ${hostFolder}/owned 2>/dev/null | while IFS= read -r f; do
  if [ -d "$f" ] && [ ! -L "$f" ]; then rmdir -- "$f" 2>/dev/null; else rm -f -- "$f"; fi
done
if [ -d ${hostFolder}/before ]; then
  cd ${hostFolder}/before && find . -mindepth 1 ! -type d | while IFS= read -r f; do
    mkdir -p "/$(dirname "$f")" && cp -a -- "$f" "/$f" || exit 1
  done
fi`;

const removeUsers = `for f in ${hostFolder}/users/*; do
  [ -f "$f" ] || continue
  u=\${f##*/}
  ! id -u "$u" >/dev/null 2>&1 || userdel "$u" || exit
  ! getent group "$u" >/dev/null || groupdel "$u" || exit
done
true`;

const restoreSysctls = `for f in ${hostFolder}/sysctl/*; do
  [ -f "$f" ] || continue
  k=\${f##*/}; p=/proc/sys/$(echo "$k" | tr . /)
  [ -w "$p" ] && cat "$f" > "$p"
done
true`;
