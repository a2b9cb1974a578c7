/** Manual changes of a host of stage `runtime`, and the steps that kboot must plan for them. */
export const drifts: readonly {
  readonly title: string;
  readonly host: string;
  readonly spoil: string;
  readonly check: string;
  readonly steps: readonly string[];
  readonly shows: string;
  readonly restarts: boolean;
}[] = [
  {
    title: 'a file that containerd reads',
    host: 'w-1',
    spoil: "sed -i 's/^version = .*/& # by hand/' /etc/containerd/config.toml",
    check: '! grep "by hand" /etc/containerd/config.toml',
    steps: ['update file /etc/containerd/config.toml', 'restart unit containerd'],
    shows: '-(not shown: kboot did not write this line)',
    restarts: true,
  },
  {
    title: 'a file that nothing reads is gone',
    host: 'w-1',
    spoil: 'rm /etc/crictl.yaml',
    check: 'grep containerd.sock /etc/crictl.yaml',
    steps: ['create file /etc/crictl.yaml'],
    shows: '/etc/crictl.yaml',
    restarts: false,
  },
  {
    title: 'a mode',
    host: 'w-2',
    spoil: 'chmod 600 /etc/sysctl.d/99-kboot.conf',
    check: '[ "$(stat -c %a /etc/sysctl.d/99-kboot.conf)" = 644 ]',
    steps: ['update file /etc/sysctl.d/99-kboot.conf'],
    shows: 'mode 600 becomes 644',
    restarts: false,
  },
  {
    title: 'a sysctl',
    host: 'cp-1',
    spoil: 'echo 0 > /proc/sys/net/ipv4/ip_forward',
    check: '[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]',
    steps: ['update sysctl net.ipv4.ip_forward'],
    shows: '1 (was 0)',
    restarts: false,
  },
  {
    title: 'a member of an archive that no unit reads',
    host: 'cp-1',
    spoil: 'echo garbage > /opt/cni/bin/loopback',
    check: '[ "$(stat -c %s /opt/cni/bin/loopback)" -gt 100000 ]',
    steps: ['update archive cni-plugins'],
    shows: '/opt/cni/bin/loopback changed on the host',
    restarts: false,
  },
  {
    title: 'a member of the archive of a unit',
    host: 'w-2',
    spoil: 'rm /usr/local/bin/ctr',
    check: 'ctr version',
    steps: ['update archive containerd', 'restart unit containerd'],
    shows: '/usr/local/bin/ctr changed on the host',
    restarts: true,
  },
  {
    title: 'a binary, with its time kept',
    host: 'w-1',
    spoil:
      'cp -p /usr/local/sbin/runc /run/r && printf X | dd of=/usr/local/sbin/runc bs=1 seek=5000 conv=notrunc && touch -r /run/r /usr/local/sbin/runc; rm /run/r',
    check: 'runc --version',
    steps: ['update binary /usr/local/sbin/runc'],
    shows: '/usr/local/sbin/runc',
    restarts: false,
  },
  {
    title: 'a unit that was stopped and disabled',
    host: 'cp-1',
    spoil: 'systemctl disable --now containerd',
    check: 'systemctl is-active containerd && systemctl is-enabled containerd',
    steps: ['create unit containerd'],
    shows: 'enabled at boot, started',
    restarts: true,
  },
  {
    title: 'a swap line in fstab',
    host: 'w-2',
    spoil: 'echo "/dev/vdb2 none swap sw 0 0" >> /etc/fstab',
    check: 'grep "^#kboot# /dev/vdb2" /etc/fstab',
    steps: ['update swap swap'],
    shows: '+#kboot# /dev/vdb2 none swap sw 0 0',
    restarts: false,
  },
];
