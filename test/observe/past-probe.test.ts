import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { advertisedBy, pastLines, pastProbe, readPast } from '../../src/observe/past-probe.ts';
import { foundLine } from '../../src/observe/search.ts';
import type { HostPast } from '../../src/model/past.ts';
import { shells } from '../resource/sandbox.ts';

/** Reads lines as `key=value`, as readInspection does, and those of files. */
function read(...lines: readonly string[]): Omit<HostPast, 'activeUnits'> {
  return readPast(lines.flatMap(foundLine), (key) =>
    lines.flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : [])),
  );
}

describe('readPast', () => {
  it('is an unused host without any line', () => {
    const { cgroupControllers, resolvers, noExec, kubeletPackage } = read();
    expect({ cgroupControllers, resolvers, noExec, kubeletPackage }).toEqual({
      ...{ cgroupControllers: [], resolvers: [], noExec: [], kubeletPackage: 'absent' },
    });
  });

  it("reads drop-ins without kboot's own, and without those that another of the same name hides", () => {
    const { unitSettings, kubeletVariables } = read(
      '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf:2:Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"',
      '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf:11:ExecStart=/usr/bin/kubelet $KUBELET_EXTRA_ARGS',
      '/etc/systemd/system/kubelet.service.d/20-docker.conf:2:Requires=docker.service',
      '/usr/lib/systemd/system/kubelet.service.d/20-docker.conf:3:Requires=podman.service',
      `/etc/systemd/system/kubelet.service.d/http-proxy.conf:2:Environment="HTTPS_PROXY=http://p:3128/" 'NO_PROXY=10.0.0.0/8,.svc' A=1`,
      '/run/systemd/system/containerd.service.d/x.conf:4: ExecStart = /usr/bin/containerd --config /x',
      '/etc/default/kubelet:1:KUBELET_EXTRA_ARGS="--node-ip=10.0.0.9 --v=2"',
    );
    expect(unitSettings.map(({ unit, key, value }) => `${unit} ${key} ${value}`)).toEqual([
      'kubelet Requires docker.service',
      'containerd ExecStart /usr/bin/containerd --config /x',
    ]);
    expect(kubeletVariables.map(({ line, name, value }) => `${line} ${name} ${value}`)).toEqual([
      '2 HTTPS_PROXY http://p:3128/',
      '2 NO_PROXY 10.0.0.0/8,.svc',
      '2 A 1',
      '1 KUBELET_EXTRA_ARGS --node-ip=10.0.0.9 --v=2',
    ]);
  });

  it('reads kernel settings in both spellings', () => {
    const { sysctlSettings } = read(
      '/etc/sysctl.d/a.conf:1:-net.ipv4.ip_forward=0',
      '/etc/sysctl.d/a.conf:2:  net/ipv4/conf/eth0.100/forwarding = 0 ',
      '/etc/sysctl.d/a.conf:3:net.ipv4.conf.*.forwarding = 0',
      '/etc/sysctl.d/a.conf:4:net.ipv4.conf.eth0/100.forwarding = 0',
    );
    expect(sysctlSettings.map(({ line, key, value }) => `${line} ${key} ${value}`)).toEqual([
      '1 net.ipv4.ip_forward 0',
      '2 net.ipv4.conf.eth0/100.forwarding 0',
      '3 net.ipv4.conf.*.forwarding 0',
      '4 net.ipv4.conf.eth0/100.forwarding 0',
    ]);
  });

  it('reads name servers, and controllers of both versions', () => {
    const one = read(
      'resolver=/etc/resolv.conf',
      'resolver=/run/systemd/resolve/resolv.conf',
      '/etc/resolv.conf:2:nameserver 127.0.0.53',
      '/etc/resolv.conf:3:nameserver  fe80::1%eth0 ',
      'controllers=cpuset cpu io memory hugetlb pids rdma misc',
    );
    expect(one.resolvers).toEqual([
      { file: '/etc/resolv.conf', servers: ['127.0.0.53', 'fe80::1%eth0'] },
      { file: '/run/systemd/resolve/resolv.conf', servers: [] },
    ]);
    expect(one.cgroupControllers).toContain('memory');
    const v1 = read('/proc/cgroups:2:cpuset\t9\t1\t1', '/proc/cgroups:3:cpu\t4\t70\t1');
    expect(v1.cgroupControllers).toEqual(['cpuset', 'cpu']);
  });

  it('reads routes, tunnels, and folders on file systems without programs', () => {
    const seen = read(
      'route=default via 10.0.2.2 dev eth0 proto dhcp src 10.0.2.15 metric 1002',
      'route=10.244.0.0/16 via 10.8.0.1 dev tun0 proto static',
      'route=172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown',
      'route=10.96.0.10 dev wg0 table 51820 scope link',
      'route=fd00:10::/32 proto static metric 1024 pref medium',
      'route=100 via inet 10.0.0.9 dev eth0',
      '/sys/class/net/cilium_vxlan/uevent:1:DEVTYPE=vxlan',
      '/sys/class/net/flannel.1/uevent:1:DEVTYPE=vxlan',
      '/sys/class/net/vx9/uevent:1:DEVTYPE=vxlan',
      '/sys/class/net/wg0/uevent:1:DEVTYPE=wireguard',
      'vxlan=5: flannel.1: <BROADCAST> mtu 1450 \\    link/ether 6e:b1 \\    vxlan id 1 local 10.0.0.11 dev eth0 srcport 0 0 dstport 8472 nolearning ttl auto',
      'vxlan=7: cilium_vxlan@if3: <BROADCAST> mtu 1500 \\    vxlan external id 0 srcport 0 0 dstport 8472 nolearning',
      '/proc/self/mounts:1:/dev/vda1 / ext4 rw,relatime 0 0',
      '/proc/self/mounts:2:/dev/vda2 /opt ext4 rw,noexec 0 0',
      '/proc/self/mounts:3:/dev/vda3 /var ext4 rw,nosuid,noexec 0 0',
      '/proc/self/mounts:4:/dev/vda4 /var/lib ext4 rw,nosuid 0 0',
    );
    expect(seen.routes).toEqual([
      { network: '10.244.0.0/16', via: '10.8.0.1', interface: 'tun0' },
      { network: '172.17.0.0/16', via: '', interface: 'docker0' },
      { network: '10.96.0.10', via: '', interface: 'wg0' },
      { network: 'fd00:10::/32', via: '', interface: '' },
    ]);
    expect(seen.tunnels).toEqual([
      { name: 'cilium_vxlan', kind: 'vxlan', port: 8472, external: true },
      { name: 'flannel.1', kind: 'vxlan', port: 8472 },
      { name: 'vx9', kind: 'vxlan' },
      { name: 'wg0', kind: 'wireguard' },
    ]);
    expect(seen.noExec).toEqual([{ folder: '/opt/cni/bin', mountPoint: '/opt' }]);
  });

  it('reads lines that keep a module away, and not those that load it', () => {
    const { modprobe } = read(
      '/etc/modprobe.d/cis.conf:3:install overlay /bin/true',
      '/etc/modprobe.d/cis.conf:4:install vxlan /usr/bin/false',
      '/etc/modprobe.d/cis.conf:5:blacklist br-netfilter',
      '/etc/modprobe.d/x.conf:1:install br_netfilter /sbin/modprobe --ignore-install br_netfilter && sysctl -p',
    );
    expect(modprobe.map(({ command, module }) => `${command} ${module}`)).toEqual([
      'install overlay',
      'install vxlan',
      'blacklist br_netfilter',
    ]);
  });

  it('counts containers by namespace', () => {
    const { containers } = read('container=k8s.io', 'container=default', 'container=k8s.io');
    expect(containers).toEqual({ 'k8s.io': 2, default: 1 });
  });

  it('asks for the file of name servers that the inventory states', () => {
    expect(pastProbe('/etc/my resolv.conf')).toContain("'/etc/my resolv.conf'");
    expect(pastLines('/etc/my resolv.conf').files).toContain("'/etc/my resolv.conf'");
  });

  it('finds the default routes from router advertisements, of one hop or several, in the main table', () => {
    expect(
      advertisedBy([
        'default via 10.0.2.2 dev eth9 proto dhcp metric 100',
        'default via fe80::1 dev eth0 proto ra metric 1024 expires 1787sec hoplimit 64 pref medium',
        'default proto ra metric 1024 pref medium',
        '\tnexthop via fe80::2 dev eth1 weight 1 ',
        '\tnexthop via fe80::3 dev eth2 weight 1 ',
        'default via fe80::4 dev eth3 table 100 proto ra metric 1024 pref medium',
        'fd00::/64 dev eth4 proto ra metric 100 pref medium',
        '\tnexthop via fe80::5 dev eth5 weight 1 ',
      ]),
    ).toEqual(['eth0', 'eth1', 'eth2']);
  });
});

describe.each(shells)('what systemd gives its services, in %s', (shell) => {
  it('leaves the host only if it is of a proxy, as it is', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-past-'));
    const variables = [
      'LANG=C',
      'API_TOKEN=secret',
      'NO_PROXY=10.0.0.0/8 *',
      'https_proxy=http://p:3128/\\n',
      'x=1',
    ];
    writeFileSync(join(dir, 'variables'), variables.join('\n'));
    writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\ncat ${join(dir, 'variables')}\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
    const { stdout } = spawnSync(shell, ['-s'], { input: `cd /\n${pastProbe()}`, env, encoding: 'utf8' });
    rmSync(dir, { recursive: true });
    expect(stdout).not.toContain('secret');
    expect(read(...stdout.split('\n')).managerProxies).toEqual([
      { name: 'NO_PROXY', value: '10.0.0.0/8 *' },
      { name: 'https_proxy', value: 'http://p:3128/\\n' },
    ]);
  });
});
