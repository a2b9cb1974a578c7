import { packageFunctions } from './package-functions.ts';
import { rememberFunctions } from './remember-functions.ts';

/**
 * Shell functions that every step's script may call on the host, and the layout of kboot's own folder there.
 *
 *   /var/lib/kboot/cluster     the cluster ID, to refuse the kboot of another cluster
 *   /var/lib/kboot/owned       paths created by kboot, one per line; `reset` removes them, newest first
 *   /var/lib/kboot/before/     previous content of such paths, and files that were put by; `reset` restores them
 *   /var/lib/kboot/running/    a mark for each process that runs with the current files
 *   /var/lib/kboot/users/      users that kboot created
 *   /var/lib/kboot/units/      whether a unit was enabled and active before kboot set it
 *   /var/lib/kboot/sums        digests of large files, valid while stat says the same of them
 *   /var/lib/kboot/large       paths of large files that kboot wrote
 *   /var/lib/kboot/texts       digests of the files that kboot wrote with a text that its plan showed
 *   /var/lib/kboot/archives/   per archive: its digest, then its files with their stat and digest
 *   /var/lib/kboot/images/     per image: the digest of the archive that it was loaded from
 *   /var/lib/kboot/sysctl/     values of kernel settings before kboot set them
 *   /var/lib/kboot/fetched/    release files that are not installed yet, by their SHA-256
 *   /var/lib/kboot/spread/     files on their way from host to host, by their SHA-256; .part: not whole yet
 *   /var/lib/kboot/former/     per component: what its last upgrade replaced, until the next one
 *   /var/lib/kboot/etcd-restore  how far a restore of etcd has come
 *   /var/lib/kboot/tmp/        payloads in transfer
 *   /var/lib/kboot/proxy.env   the proxy for package managers and downloads
 */
export const hostFolder = '/var/lib/kboot';

/** Files that go from host to host while a run lasts, and what is left of them after one that was interrupted. */
export const spreadFolder = `${hostFolder}/spread`;

/** On a tmpfs, for root only: what sessions and runs leave while they last. Nobody else can hold a lock in it. */
export const runFolder = '/run/kboot';

/** Makes it; false if it is not root's own folder. */
export const makeRunFolder = `{ (umask 077; mkdir -p ${runFolder}) && [ -d ${runFolder} ] && [ ! -L ${runFolder} ] && [ "$(stat -c %u ${runFolder})" = "$(id -u)" ] && chmod 700 ${runFolder}; }`;

/** Lines `|PATH|SHA256`. */
export const textsFile = `${hostFolder}/texts`;

/** Environment variables with the proxy of the host, if it has one. */
export const proxyFile = `${hostFolder}/proxy.env`;

/** Exit status of a step whose observed basis has changed. */
export const staleStatus = 75;

/** Exit status of a step that was not run, since another run holds the lock of the cluster. */
export const fencedStatus = 76;

/**
 * Kernel settings that the kubelet (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables) and
 * kube-proxy set by themselves. Their previous values are recorded on kboot's first run, for `reset`.
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

/** Creates kboot's folder on the host; run once per session. */
export const makeHostFolder = `mkdir -p -m 700 ${hostFolder} && chmod 700 ${hostFolder} && cd ${hostFolder} && rm -rf tmp && mkdir -p -m 700 before running units archives images sysctl tmp
[ ! -d spread ] || find spread -type f -mtime +1 -delete
for k in ${setByKubernetes.join(' ')}; do
  p=/proc/sys/$(echo $k | tr . /)
  [ -e sysctl/$k ] || [ ! -r $p ] || cat $p > sysctl/$k
done
cd /`;

/** The functions; sourced by the shell of each step. */
export const prelude = `
KB=${hostFolder}

# kb_own PATH: records that kboot creates PATH; backs up the existing file, once.
kb_own() {
  grep -qxF -e "$1" $KB/owned 2>/dev/null && return 0
  if [ -e "$1" ] || [ -L "$1" ]; then
    mkdir -p "$KB/before$(dirname "$1")" && cp -a -- "$1" "$KB/before$1" || return 1
  fi
  printf '%s\\n' "$1" >> $KB/owned
}

# kb_put_by PATH: moves a file of somebody else's away; \`reset\` returns it.
kb_put_by() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  mkdir -p "$KB/before$(dirname "$1")" && rm -rf -- "$KB/before$1" && cp -a -- "$1" "$KB/before$1" && sync && rm -f -- "$1"
}

# kb_disown PATH: removes what kboot created at PATH, or restores what was there before, and no longer owns it.
kb_disown() {
  if [ -e "$KB/before$1" ]; then mv -f -T -- "$KB/before$1" "$1"; else rm -f -- "$1"; fi || return 1
  { grep -vxF -e "$1" $KB/owned; :; } > $KB/tmp/owned && mv -f $KB/tmp/owned $KB/owned
}

# kb_unit NAME: records, once, the state of a unit before kboot.
kb_unit() {
  [ -e "$KB/units/$1" ] || echo "$(systemctl is-enabled "$1.service" 2>/dev/null) $(systemctl is-active "$1.service")" > "$KB/units/$1"
}

# kb_mkdir PATH MODE: creates a folder and its missing parents, recording each.
kb_mkdir() {
  if [ ! -d "$1" ]; then
    kb_mkdir "$(dirname "$1")" 755 keep && kb_own "$1" && mkdir -- "$1" || return 1
    chmod "$2" -- "$1"
  elif [ -z "\${3:-}" ]; then
    chmod "$2" -- "$1"
  fi
}

# kb_give USER PATH...: files and folders become the user's, and what is in a folder's \`member\`.
kb_give() {
  kb_to=$1; shift
  for kb_n in "$@"; do
    [ -e "$kb_n" ] || continue
    chown "$kb_to:" -- "$kb_n" || return 1
    [ ! -d "$kb_n/member" ] || find "$kb_n/member" ! -user "$kb_to" -exec chown "$kb_to:" {} + 2>/dev/null || :
  done
}

# kb_disturb NAME...: these processes no longer run with the files on disk.
kb_disturb() { for kb_n in "$@"; do [ ! -e "$KB/running/$kb_n" ] || rm -f -- "$KB/running/$kb_n"; done; }

# kb_expect PATH SHA256|absent: exits if PATH is not as it was when the plan was made.
kb_expect() {
  if [ -e "$1" ]; then kb_now=$(sha256sum < "$1"); kb_now=\${kb_now%% *}; else kb_now=absent; fi
  [ "$kb_now" = "$2" ] && return 0
  echo "$1 changed since the plan was made (then $2, now $kb_now)"
  exit ${staleStatus}
}

# kb_install TEMPORARY PATH MODE: moves a complete file into place, durably, with one rename.
kb_install() {
  chmod "$3" -- "$1" && sync -- "$1" && kb_own "$2" && mv -f -T -- "$1" "$2"
}

# kb_wrote TEMPORARY PATH: records, before it moves into place, that the content of PATH is a text of kboot without secrets.
kb_wrote() {
  kb_now=$(sha256sum < "$1")
  { grep -v -F -e "|$2|" $KB/texts 2>/dev/null; printf '|%s|%s\\n' "$2" "\${kb_now%% *}"; } > $KB/tmp/texts && mv -f $KB/tmp/texts $KB/texts
}

# kb_keep COMPONENT PATH SHA256: keeps a file before it is replaced, unless it already has its new digest: then an
# earlier run kept it.
kb_keep() {
  [ -f "$2" ] || return 0
  kb_now=$(sha256sum < "$2"); [ "\${kb_now%% *}" != "$3" ] || return 0
  mkdir -p -m 700 "$KB/former/$1$(dirname "$2")" && cp -a -- "$2" "$KB/former/$1$2" && sync -- "$KB/former/$1$2"
}

# kb_put_back COMPONENT PATH...: puts kept files back; those that were not kept stay as they are.
kb_put_back() {
  kb_from=$KB/former/$1; shift
  for kb_n in "$@"; do
    [ -f "$kb_from$kb_n" ] || continue
    kb_now=$(dirname "$kb_n")/.kboot~$(basename "$kb_n")
    cp -a -- "$kb_from$kb_n" "$kb_now" && sync -- "$kb_now" && mv -f -T -- "$kb_now" "$kb_n" || return 1
  done
}

# kb_edit PATH SED-ARGUMENT...: edits one of the host's own files with sed, durably, with one rename; keeps its mode.
# If PATH is a link, it edits the file behind it.
kb_edit() {
  kb_now=$(readlink -f -- "$1"); kb_n=$(dirname "$kb_now")/.kboot~$(basename "$kb_now"); shift
  sed "$@" -- "$kb_now" > "$kb_n" && chmod --reference="$kb_now" -- "$kb_n" && sync -- "$kb_n" && mv -f -T -- "$kb_n" "$kb_now"
}

# kb_containers NAME: IDs of a static Pod's containers, including ended ones; fails if containerd does not respond.
kb_containers() {
  ctr -n k8s.io containers list -q "labels.\\"io.kubernetes.container.name\\"==$1,labels.\\"io.cri-containerd.kind\\"==container"
}

# kb_running ID...: whether one of these containers of the kubelet is running.
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

# kb_is FILE SHA256: whether FILE has that digest.
kb_is() { [ -f "$1" ] && kb_now=$(sha256sum < "$1") && [ "\${kb_now%% *}" = "$2" ]; }

# kb_proxy: has later commands use the proxy of this host.
kb_proxy() { [ ! -f ${proxyFile} ] || { set -a; . ${proxyFile}; set +a; }; }
${packageFunctions}${rememberFunctions}
# kb_fetch URL FILE: downloads a file, with timeouts.
kb_fetch() {
  kb_proxy
  if command -v curl >/dev/null; then curl -fsSL --connect-timeout 15 --retry 3 -o "$2" -- "$1"
  elif command -v wget >/dev/null; then wget -q --timeout=15 --tries=3 -O "$2" -- "$1"
  else echo 'neither curl nor wget is installed'; return 1; fi
}
`;
