import { quoteAll } from '../model/shell.ts';

/**
 * Folders that contain only what Kubernetes and its runtime put there; a reset empties and removes them. Each of them,
 * and any folder below, may be the mount point of a disk, or a link: these are the operator's, and stay.
 * `etcd`: those with etcd's data, if the etcd on the host is kboot's.
 */
export function dataFolders(...etcd: readonly string[]): readonly string[] {
  return [
    '/etc/kubernetes',
    '/var/lib/kubelet',
    ...etcd,
    '/var/lib/containerd',
    '/var/lib/cni',
    '/var/lib/kube-proxy',
    '/var/log/pods',
    '/var/log/containers',
  ];
}

/**
 * Shell functions about mounts. A mount is the operator's if it is at a data folder itself, or if /etc/fstab or a unit
 * file names it; below the kubelet's `pods`, mounts are the kubelet's in any case.
 *
 * kb_points FILE FIELD: decodes the mount points of fstab(5) (field 2) or proc_pid_mountinfo(5) (field 5).
 * kb_below PATH: mount points below it, the deepest first.
 * kb_kept PATH: whether the mount there is the operator's.
 * kb_real: what each data folder is, links followed.
 */
const mountFunctions = (folders: readonly string[]): string => `kb_points() {
  [ -r "$1" ] || return 0
  while read -r kb_m kb_n _ _ kb_o _ || [ -n "$kb_m" ]; do
    case $kb_m in '' | '#'*) continue ;; esac
    [ "$2" = 2 ] || kb_n=$kb_o
    printf '%b\\n' "$(printf '%s\\n' "$kb_n" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')"
  done < "$1"
}
kb_below() { kb_points /proc/self/mountinfo 5 | while IFS= read -r kb_m; do case $kb_m in "$1"/*) printf '%s\\n' "$kb_m" ;; esac; done | LC_ALL=C sort -ru; }
kb_real=$(for kb_m in ${quoteAll(folders)}; do [ ! -d "$kb_m" ] || readlink -f -- "$kb_m"; done)
kb_pods=$(readlink -m /var/lib/kubelet/pods)
kb_stated=$(kb_points /etc/fstab 2 | while IFS= read -r kb_m; do timeout 5 readlink -m -- "$kb_m"; done)
kb_kept() {
  printf '%s\\n' "$kb_real" | grep -qxF -e "$1" && return 0
  case $1 in "$kb_pods"/*) return 1 ;; esac
  printf '%s\\n' "$kb_stated" | grep -qxF -e "$1" && return 0
  kb_n=$(systemd-escape -p --suffix=mount -- "$1")
  for kb_m in /etc /usr/local/lib /usr/lib /lib; do
    [ ! -f "$kb_m/systemd/system/$kb_n" ] || return 0
  done
  return 1
}`;

/**
 * Unmounts what is mounted below the data folders and is not the operator's, and fails if any of it stays. A mount
 * that does not respond, such as one of a lost NFS server, is detached.
 */
export function unmountBelow(folders: readonly string[]): string {
  return `${mountFunctions(folders)}
kb_strange() {
  printf '%s\\n/run/containerd\\n' "$kb_real" | while IFS= read -r kb_f; do [ -z "$kb_f" ] || kb_below "$kb_f"; done |
    LC_ALL=C sort -ru | while IFS= read -r kb_f; do kb_kept "$kb_f" || printf '%s\\n' "$kb_f"; done
  kb_below /run/netns | grep '^/run/netns/cni-'
}
for i in 1 2 3; do
  kb_strange | while IFS= read -r m; do
    timeout -k 2 20 umount -- "$m" 2>/dev/null || timeout -k 2 20 umount -l -- "$m" 2>/dev/null
  done
done
rm -f /run/netns/cni-* 2>/dev/null
rmdir /run/netns 2>/dev/null
kb_left=$(kb_strange)
[ -z "$kb_left" ] || { printf 'still mounted:\\n%s\\n' "$kb_left"; exit 1; }`;
}

/**
 * Removes folders. Mount points and links are kept and emptied, except a network file system below a folder, which
 * others may use. Nothing is removed through a mount that is not the operator's: the script fails and names it.
 */
export function removeFolders(folders: readonly string[]): string {
  return `${mountFunctions(folders)}
kb_failed=
kb_mounted=$(kb_points /proc/self/mountinfo 5)
# Mount points, and folders that a data folder links to; each after a line end.
kb_stop="
$kb_mounted
$kb_real"
# kb_empty FOLDER: removes what is in it, except mount points, targets of links, and the folders that lead to them.
kb_empty() {
  for kb_e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -L "$kb_e" ]; then rm -f -- "$kb_e" || kb_failed=1; continue; fi
    [ -e "$kb_e" ] || continue
    if printf '%s\\n' "$kb_stop" | grep -qxF -e "$kb_e"; then continue; fi
    if [ "\${kb_e##*/}" = lost+found ] && printf '%s\\n' "$kb_mounted" | grep -qxF -e "$1"; then continue; fi
    case "$kb_stop" in
      *"
$kb_e/"*) (kb_empty "$kb_e") || kb_failed=1 ;;
      *) rm -rf --one-file-system -- "$kb_e" || kb_failed=1 ;;
    esac
  done
  [ -z "$kb_failed" ]
}
for kb_folder in ${quoteAll(folders)}; do
  [ -d "$kb_folder" ] || { [ -L "$kb_folder" ] || rm -f -- "$kb_folder"; continue; }
  kb_target=$(readlink -f -- "$kb_folder")
  case $kb_target in
    / | /bin | /boot | /dev | /etc | /home | /lib | /lib64 | /media | /mnt | /opt | /proc | /root | /run | /sbin | /srv | /sys | /tmp | /usr | /usr/local | /var | /var/lib | /var/log)
      echo "not emptied: $kb_folder is a link to $kb_target, which has other data"; kb_failed=1; continue ;;
  esac
  (kb_empty "$kb_target") || kb_failed=1
  kb_list=$(kb_below "$kb_target")
  while IFS= read -r kb_point; do
    [ -n "$kb_point" ] || continue
    if ! kb_kept "$kb_point"; then echo "still mounted: $kb_point"; kb_failed=1; continue; fi
    case $(timeout 10 stat -f -c %T -- "$kb_point") in
      '' | nfs* | smb* | cifs* | ceph* | fuse | v9fs | lustre | gfs* | ocfs2 | afs | autofs | UNKNOWN*) echo "not emptied: $kb_point is a network file system" ;;
      *) (kb_empty "$kb_point") || kb_failed=1 ;;
    esac
  done <<END_OF_MOUNTS
$kb_list
END_OF_MOUNTS
  [ -L "$kb_folder" ] || printf '%s\\n' "$kb_mounted" | grep -qxF -e "$kb_target" || rmdir -- "$kb_folder" 2>/dev/null
done
[ -z "$kb_failed" ]`;
}
