import { bringPackages } from './debian-packages.ts';
import type { Lab } from './lab.ts';
import { output } from './traces.ts';

/**
 * Turns a lab host into one that kboot recognizes as Rocky Linux 9: os-release, dnf and rpm (Debian's, of the versions that
 * Rocky 9 has) with their own database and repository, no apt or dpkg, bash as sh, sudo without /usr/local
 * in its PATH, CA certificates below /etc/pki. The packages in the repository have Debian's programs with the services
 * and configuration files of Rocky's packages. Programs, libc and kernel stay Debian's; getenforce and setenforce only
 * simulate, since no container has its own SELinux.
 */
export async function makeRockyLike(lab: Lab, host: string): Promise<void> {
  await bringPackages(lab, host, ['dnf', 'rpm', 'createrepo-c']);
  await output(lab, host, script);
}

const haproxyService = `[Unit]
Description=HAProxy Load Balancer
After=network-online.target
Wants=network-online.target

[Service]
EnvironmentFile=-/etc/sysconfig/haproxy
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" "CFGDIR=/etc/haproxy/conf.d"
ExecStartPre=/usr/sbin/haproxy -f $CONFIG -f $CFGDIR -c -q $OPTIONS
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -f $CFGDIR -p $PIDFILE $OPTIONS
ExecReload=/usr/sbin/haproxy -f $CONFIG -f $CFGDIR -c -q $OPTIONS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
SuccessExitStatus=143
Type=notify

[Install]
WantedBy=multi-user.target
`;

const keepalivedService = `[Unit]
Description=LVS and VRRP High Availability Monitor
After=network-online.target syslog.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=all
PIDFile=/run/keepalived.pid
KillMode=process
EnvironmentFile=-/etc/sysconfig/keepalived
ExecStart=/usr/sbin/keepalived --dont-fork $KEEPALIVED_OPTIONS
ExecReload=/bin/kill -HUP $MAINPID

[Install]
WantedBy=multi-user.target
`;

const osRelease = `NAME="Rocky Linux"
VERSION="9.6 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.6"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.6 (Blue Onyx)"
`;

const script = `set -eu
top=/srv/rpm
tree() { echo $top/tree/$1; }
# take NAME PATH...: what the package NAME holds
take() {
  d=$(tree $1); shift; mkdir -p $d
  for f in "$@"; do mkdir -p $d$(dirname $f); cp -a $f $d$f; done
}
# lay NAME PATH: a file from standard input
lay() { mkdir -p $(dirname $(tree $1)$2); cat > $(tree $1)$2; }
# build NAME VERSION [LINE]...: the package, with further lines of its specification
build() {
  n=$1; v=$2; shift 2; mkdir -p $(tree $n)
  {
    printf '%s\\n' "Name: $n" "Version: $v" 'Release: 1.el9' "Summary: $n" 'License: none' 'BuildArch: x86_64' 'AutoReqProv: no'
    printf '%s\\n' "$@" '%description' "$n" '%install' "cp -a $(tree $n)/. %{buildroot}" '%files'
    cd $(tree $n); find . ! -type d | cut -c2- | sed -E 's@^(/etc/.*)@%config(noreplace) \\1@'
    if [ $n = haproxy ]; then echo '%dir /etc/haproxy/conf.d'; echo '%dir /var/lib/haproxy'; fi
  } > $top/$n.spec
  rpmbuild -bb --quiet --define "_topdir $top" --define '__os_install_post %{nil}' --define 'debug_package %{nil}' $top/$n.spec
}

mkdir -p $top /etc/rpm /etc/yum.repos.d /etc/sysconfig /var/lib/rpm
echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros
printf '[main]\\ngpgcheck=1\\ninstallonly_limit=3\\nclean_requirements_on_remove=True\\nbest=True\\nskip_if_unavailable=False\\n' > /etc/dnf/dnf.conf

take haproxy /usr/sbin/haproxy
lay haproxy /usr/lib/systemd/system/haproxy.service <<'EOF'
${haproxyService}EOF
printf 'defaults\\n    timeout connect 10s\\n' | lay haproxy /etc/haproxy/haproxy.cfg
echo 'OPTIONS=""' | lay haproxy /etc/sysconfig/haproxy
mkdir -p $(tree haproxy)/etc/haproxy/conf.d $(tree haproxy)/var/lib/haproxy
take keepalived /usr/sbin/keepalived
lay keepalived /usr/lib/systemd/system/keepalived.service <<'EOF'
${keepalivedService}EOF
printf 'global_defs {\\n   router_id LVS_DEVEL\\n}\\n' | lay keepalived /etc/keepalived/keepalived.conf
echo 'KEEPALIVED_OPTIONS="-D"' | lay keepalived /etc/sysconfig/keepalived
take iptables-nft $(dpkg -L iptables | grep -E '^/usr/(sbin|lib)/.*(nft|\\.so)')
for f in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -sf xtables-nft-multi $(tree iptables-nft)/usr/sbin/$f
done

DEBIAN_FRONTEND=noninteractive apt-get purge -y -q haproxy keepalived iptables
rm -rf /etc/haproxy /etc/keepalived /var/lib/haproxy /usr/sbin/xtables-nft-multi

build haproxy 2.4.22 '%pre' 'getent passwd haproxy >/dev/null || useradd -r -d /var/lib/haproxy -s /usr/sbin/nologin haproxy'
build keepalived 2.2.8
build iptables-nft 1.8.10 'Provides: iptables'
build curl 7.76.1
build bash 5.1.8 'Provides: /bin/sh'
build util-linux 2.37.4
build kmod 28
build ca-certificates 2024.2.69
build curl-minimal 7.76.1 'Provides: curl' 'Conflicts: curl < 8'
build rocky-release 9.6 'Provides: system-release = 9.6' 'Provides: system-release(releasever) = 9'
mkdir /srv/repository
cp $top/RPMS/x86_64/* /srv/repository
for n in bash util-linux kmod ca-certificates curl-minimal rocky-release; do rpm -i --nodigest --nosignature $top/RPMS/x86_64/$n-[0-9]*.rpm; done
createrepo_c -q /srv/repository
printf '[baseos]\\nname=Rocky Linux 9 - BaseOS\\nbaseurl=file:///srv/repository\\ngpgcheck=0\\n' > /etc/yum.repos.d/rocky.repo
rm -rf $top

cat > /etc/os-release <<'EOF'
${osRelease}EOF
ln -sf bash /bin/sh
mkdir -p /etc/pki/ca-trust/extracted /etc/pki/tls
mv /etc/ssl/certs /etc/pki/tls/certs && ln -s ../pki/tls/certs /etc/ssl/certs
rm -rf /etc/ca-certificates /usr/share/ca-certificates /usr/local/share/ca-certificates
sed -i 's@^Defaults.*secure_path=.*@Defaults secure_path="/sbin:/bin:/usr/sbin:/usr/bin"@' /etc/sudoers

mkdir -p /etc/selinux
printf '# permissive - SELinux prints warnings instead of enforcing.\\nSELINUX=enforcing\\nSELINUXTYPE=targeted\\n' > /etc/selinux/config
cat > /usr/sbin/getenforce <<'EOF'
#!/bin/sh
[ -e /run/enforce ] || { grep -qx SELINUX=enforcing /etc/selinux/config && echo 1 || echo 0; } > /run/enforce
grep -qx 1 /run/enforce && echo Enforcing || echo Permissive
EOF
printf '#!/bin/sh\\necho "$1" > /run/enforce\\n' > /usr/sbin/setenforce
chmod 755 /usr/sbin/getenforce /usr/sbin/setenforce
rm -f /usr/bin/apt* /usr/bin/dpkg*
`;
