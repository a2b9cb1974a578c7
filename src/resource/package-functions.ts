/**
 * Functions of the prelude that install packages. Nothing is asked: a configuration file that exists is kept, stdin is
 * empty, and needrestart is off. A lock of another package manager, as on a machine that has just booted, is waited for:
 * apt waits 300 s for dpkg's lock; for other locks, the command runs again, 30 times with 10 s between.
 */
export const packageFunctions = `
# kb_manager COMMAND...: runs a package manager, with its output in kb_now and its status in kb_n; prints the output.
kb_manager() {
  kb_proxy
  kb_i=0
  while :; do
    kb_n=0; kb_now=$("$@" 2>&1 < /dev/null) || kb_n=$?
    [ $kb_n != 0 ] && [ $kb_i -lt 30 ] || break
    case $kb_n:$kb_now in
      *'frontend lock'*) break ;;
      200:* | *'already locked by '* | *'Could not get lock '* | *'Unable to lock '*) ;;
      *) break ;;
    esac
    kb_i=$((kb_i + 1)); sleep 10
  done
  printf '%s\\n' "$kb_now"
  kb_held=$(printf '%s\\n' "$kb_now" | sed -n 's/.* already locked by \\([0-9][0-9]*\\).*/\\1/p' | tail -n 1)
  [ -z "$kb_held" ] || echo "It is held by process $kb_held ($(cat /proc/$kb_held/comm 2>/dev/null))"
  return $kb_n
}

# kb_apt NAME: installs a package; if that fails, updates the package lists and tries again, even if a source failed.
kb_apt() {
  export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none
  set -- apt-get install -y --no-install-recommends -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$1"
  kb_manager "$@" && return 0
  # What new package lists do not change.
  case $kb_now in *'frontend lock'* | *'dpkg --configure -a'* | *'--fix-broken install'* | *'dpkg returned an error code'*) return $kb_n ;; esac
  kb_manager apt-get update -q || echo 'not every package source could be read'
  kb_manager "$@"
}

# kb_apt_from FOLDER NAME: the same from packages in a folder, with their index. It is the only source, with lists of its own: no
# source of the host is read, none is changed. Who put the packages there has verified them.
kb_apt_from() {
  kb_s=$(mktemp -d) && mkdir -p "$kb_s/lists/partial" || return
  echo "deb [trusted=yes] file:$1 ./" > "$kb_s/list"
  printf '%s "%s";\n' Dir::Etc::sourcelist "$kb_s/list" Dir::Etc::sourceparts - Dir::State::lists "$kb_s/lists" \
    Dir::Cache::pkgcache '' Dir::Cache::srcpkgcache '' APT::Sandbox::User root APT::Default-Release '' > "$kb_s/conf"
  kb_r=0
  (
    export APT_CONFIG="$kb_s/conf"
    kb_manager apt-get update -q && kb_apt "$2"
  ) || kb_r=$?
  rm -rf "$kb_s"
  [ $kb_r = 0 ] || echo 'The packages are those in the bundle'
  return $kb_r
}

# kb_dnf NAME: the same with dnf.
kb_dnf() {
  set -- --setopt=install_weak_deps=False --setopt=exit_on_lock=True -- "$1"
  kb_manager dnf install -y "$@" && return 0
  case $kb_n in 200) return 200 ;; esac
  kb_manager dnf makecache --refresh --setopt=exit_on_lock=True || echo 'not every package source could be read'
  kb_manager dnf install -y '--setopt=*.skip_if_unavailable=True' "$@"
}

# kb_dnf_from FOLDER NAME: the same from packages in a folder, as kb_apt_from. dnf keeps a checksum as an attribute of every file
# that it reads (librepo), which changes what stat says of it: the digests of the files are remembered before.
kb_dnf_from() {
  kb_p="$KB/archives/\${1##*/}"
  [ ! -f "$kb_p" ] || kb_remember_archive "$kb_p"
  kb_s=$(mktemp -d) || return
  kb_r=0
  kb_manager dnf install -y --setopt=reposdir="$kb_s" --setopt=cachedir="$kb_s" --nogpgcheck \
    --repofrompath="kboot-bundle,file://$1" --setopt=install_weak_deps=False --setopt=exit_on_lock=True -- "$2" || kb_r=$?
  rm -rf "$kb_s"
  [ $kb_r = 0 ] || echo 'The packages are those in the bundle'
  return $kb_r
}
`;
