import { createHash } from 'node:crypto';

/** The Debian release that lab hosts run. */
export const suite = 'bookworm';

/** Packages that kboot expects on a prepared host, and tools of the tests. */
export const packages = [
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'udev',
    'kmod',
    'procps',
    'sudo',
    'openssh-server',
    'ca-certificates',
  ],
  ...['iproute2', 'iptables', 'nftables', 'conntrack', 'socat', 'ethtool', 'ipset', 'iputils-ping', 'curl'],
  ...['keepalived', 'haproxy', 'libseccomp2', 'wireguard-tools'],
];

const masked = [
  // No terminal in a container.
  ...['getty@tty1.service', 'console-getty.service', 'getty-static.service'],
  // The devices belong to the machine: lab hosts must not probe them.
  ...['systemd-udev-trigger.service', 'systemd-udev-settle.service'],
  // There is no package source, and timers disturb tests.
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'e2scrub_all.timer',
    'fstrim.timer',
  ],
];

const sharedMountsUnit = `[Unit]
Description=Shared mount propagation, as systemd sets it up outside containers
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
ExecStart=/bin/mount --make-rshared /
RemainAfterExit=yes

[Install]
WantedBy=sysinit.target
`;

const fstab = `# /etc/fstab: static file system information.
#
# Use 'blkid' to print the universally unique identifier for a
# device; this may be used with UUID= as a more robust way to name devices
# that works even if disks are added and removed. See fstab(5).
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# / was on /dev/vda1 during installation
`;

/**
 * Changes in the new root file system ($1), after its packages are unpacked.
 * Users: root and ops (sudo without a password), opspw (sudo with one), nosudo (none).
 */
export const customize = `set -eu
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id
: > "$1"/etc/machine-id
for unit in ${masked.join(' ')}; do ln -sf /dev/null "$1"/etc/systemd/system/$unit; done
for unit in haproxy keepalived; do chroot "$1" systemctl disable $unit; done
chroot "$1" systemctl set-default multi-user.target
cat > "$1"/etc/systemd/system/shared-mounts.service <<'EOF'
${sharedMountsUnit}EOF
chroot "$1" systemctl enable shared-mounts.service
cat > "$1"/etc/fstab <<'EOF'
${fstab}EOF
for user in ops opspw nosudo; do chroot "$1" useradd -m -s /bin/bash $user; done
chroot "$1" usermod -aG sudo opspw
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' > "$1"/etc/sudoers.d/ops
chmod 0440 "$1"/etc/sudoers.d/ops
`;

/** Names the image that this recipe makes: changes whenever the recipe does. */
export function recipeDigest(): string {
  return createHash('sha256')
    .update(JSON.stringify([suite, packages, customize]))
    .digest('hex')
    .slice(0, 12);
}
