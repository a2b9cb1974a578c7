/**
 * Shell functions that every step's script may call on the host, and the layout of kboot's own folder there.
 *
 *   /var/lib/kboot/cluster     the cluster ID: refuses another cluster's kboot
 *   /var/lib/kboot/owned       paths that kboot made, one a line; `reset` takes them away, newest first
 *   /var/lib/kboot/before/     what stood at such a path before kboot came; `reset` puts it back
 *   /var/lib/kboot/running/    a mark per process that runs with the files as they are now
 *   /var/lib/kboot/units/      whether a unit was enabled and active before kboot set it
 *   /var/lib/kboot/sums        digests of large files, valid while inode, size and times stay
 *   /var/lib/kboot/archives/   per archive: its digest, then the files it gave with their stat
 *   /var/lib/kboot/images/     per image: the digest of the archive it came from
 *   /var/lib/kboot/sysctl/     values of kernel settings before kboot set them
 *   /var/lib/kboot/tmp/        payloads under way
 */
export const hostFolder = '/var/lib/kboot';

/** What identifies the bytes of a file without reading them. */
export const statFormat = '%i:%s:%Y:%Z';

/** Exit status of a step whose observed basis no longer holds. */
export const staleStatus = 75;

/**
 * Kernel settings that the kubelet (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables) and
 * kube-proxy set by themselves. Their values of before are noted when kboot first comes, for `reset`.
 */
const setByKubernetes = [
  'kernel.keys.root_maxbytes',
  'kernel.keys.root_maxkeys',
  'kernel.panic',
  'kernel.panic_on_oops',
  'net.ipv4.conf.all.route_localnet',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
];

/** Makes kboot's folder on the host; run once per session. */
export const makeHostFolder = `mkdir -p -m 700 ${hostFolder} && chmod 700 ${hostFolder} && cd ${hostFolder} && rm -rf tmp && mkdir -p -m 700 before running units archives images sysctl tmp
for k in ${setByKubernetes.join(' ')}; do
  p=/proc/sys/$(echo $k | tr . /)
  [ -e sysctl/$k ] || [ ! -r $p ] || cat $p > sysctl/$k
done
cd /`;

/** The functions; sourced by the shell of each step. */
export const prelude = `
KB=${hostFolder}

# kb_own PATH: notes that kboot makes PATH; keeps what stands there now, once.
kb_own() {
  grep -qxF -e "$1" $KB/owned 2>/dev/null && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p "$KB/before$(dirname "$1")" && cp -a -- "$1" "$KB/before$1" || return 1
  fi
  printf '%s\\n' "$1" >> $KB/owned
}

# kb_unit NAME: remembers, once, how a unit was before kboot.
kb_unit() {
  [ -e "$KB/units/$1" ] || echo "$(systemctl is-enabled "$1.service" 2>/dev/null) $(systemctl is-active "$1.service")" > "$KB/units/$1"
}

# kb_mkdir PATH MODE: makes a folder and its missing parents, noting each.
kb_mkdir() {
  if [ ! -d "$1" ]; then
    kb_mkdir "$(dirname "$1")" 755 keep && kb_own "$1" && mkdir -- "$1" || return 1
    chmod "$2" -- "$1"
  elif [ -z "\${3:-}" ]; then
    chmod "$2" -- "$1"
  fi
}

# kb_disturb NAME...: these processes no longer run with what is on the disk.
kb_disturb() { for kb_n in "$@"; do rm -f -- "$KB/running/$kb_n"; done; }

# kb_basis PATH SHA256|absent: refuses to go on when PATH is not what the plan saw.
kb_basis() {
  if [ -e "$1" ]; then kb_now=$(sha256sum < "$1"); kb_now=\${kb_now%% *}; else kb_now=absent; fi
  [ "$kb_now" = "$2" ] && return 0
  echo "$1 changed since the plan was made (then $2, now $kb_now)"
  exit ${staleStatus}
}

# kb_install TEMPORARY PATH MODE: puts a finished file in place, durably, in one rename.
kb_install() {
  chmod "$3" -- "$1" && sync -- "$1" && kb_own "$2" && mv -f -T -- "$1" "$2"
}

# kb_edit PATH SED-ARGUMENT...: a text of the host's own through sed, durably, in one rename; it keeps its mode.
kb_edit() {
  kb_now=$1; kb_n=$(dirname "$1")/.kboot~$(basename "$1"); shift
  sed "$@" -- "$kb_now" > "$kb_n" && chmod --reference="$kb_now" -- "$kb_n" && sync -- "$kb_n" && mv -f -T -- "$kb_n" "$kb_now"
}

# kb_containers NAME: ids of a static Pod's containers, ended ones too; fails when containerd does not answer.
kb_containers() {
  ctr -n k8s.io containers list -q "labels.\\"io.kubernetes.container.name\\"==$1,labels.\\"io.cri-containerd.kind\\"==container"
}

# kb_running ID...: whether one of these containers of the kubelet's runs.
kb_running() {
  [ $# -gt 0 ] || return 1
  kb_tasks=$(ctr -n k8s.io tasks list) || return 1
  for kb_n in "$@"; do echo "$kb_tasks" | grep -q "^$kb_n .*RUNNING" && return 0; done
  return 1
}

# kb_verify FILE SHA256
kb_verify() {
  kb_now=$(sha256sum < "$1"); kb_now=\${kb_now%% *}
  [ "$kb_now" = "$2" ] && return 0
  echo "wrong SHA-256: expected $2, got $kb_now"
  rm -f -- "$1"
  return 1
}

# kb_sum PATH SHA256: remembers the digest of a large file.
kb_sum() {
  { grep -v -F -e "|$1|" $KB/sums 2>/dev/null; printf '|%s|%s|%s\\n' "$1" "$(stat -c '${statFormat}' -- "$1")" "$2"; } > $KB/tmp/sums
  mv -f $KB/tmp/sums $KB/sums
}

# kb_apt NAME: installs a package; reads the sources anew where what is known of them did not do.
kb_apt() {
  set -- apt-get install -y --no-install-recommends -q -o DPkg::Lock::Timeout=120 "$1"
  kb_now=$("$@" 2>&1) && { echo "$kb_now"; return 0; }
  kb_n=$?
  echo "$kb_now"
  # Who waited in vain for another program need not do so twice.
  case $kb_now in *'frontend lock'*) return $kb_n ;; esac
  apt-get update -q && "$@"
}

# kb_dnf NAME: the same by dnf, which waits by itself for another one that runs.
kb_dnf() {
  set -- dnf install -y --setopt=install_weak_deps=False -- "$1"
  "$@" || { dnf makecache --refresh && "$@"; }
}

# kb_fetch URL FILE: downloads, bounded.
kb_fetch() {
  if command -v curl >/dev/null; then curl -fsSL --connect-timeout 15 --retry 3 -o "$2" -- "$1"
  elif command -v wget >/dev/null; then wget -q --timeout=15 --tries=3 -O "$2" -- "$1"
  else echo 'neither curl nor wget is installed'; return 1; fi
}
`;
