import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepLines, type KbootResult, type Site } from './kboot.ts';
import { debianSite } from './three-hosts.ts';
import { output, traceDifferences, traces, type Traces } from './traces.ts';

// A host that others have used before.

const hosts = [{ name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.41.11' }];
const until = ['--until', 'runtime'];

/** What earlier tools left, and the check that names it. */
const leftovers: readonly { readonly check: string; readonly lay: string; readonly mend: string }[] = [
  {
    check: 'KubeletFlags',
    lay: `mkdir -p /etc/default; echo 'KUBELET_EXTRA_ARGS="--network-plugin=cni --v=2"' > /etc/default/kubelet`,
    mend: 'rm /etc/default/kubelet',
  },
  {
    check: 'KubeletUnit',
    lay: `mkdir -p /etc/systemd/system/kubelet.service.d; printf '[Unit]\nRequires=docker.service\n' > /etc/systemd/system/kubelet.service.d/20-docker.conf`,
    mend: 'rm -r /etc/systemd/system/kubelet.service.d',
  },
  {
    check: 'ContainerdUnit',
    lay: `mkdir -p /etc/systemd/system/containerd.service.d; printf '[Service]\nExecStart=\nExecStart=/usr/bin/containerd -c /x\n' > /etc/systemd/system/containerd.service.d/old.conf`,
    mend: 'rm -r /etc/systemd/system/containerd.service.d',
  },
  {
    check: 'ForeignKubernetes',
    lay: `printf '[Service]\nExecStart=/bin/sleep infinity\n' > /run/systemd/system/k3s-agent.service; systemctl daemon-reload; systemctl start k3s-agent`,
    mend: 'systemctl stop k3s-agent; rm /run/systemd/system/k3s-agent.service; systemctl daemon-reload',
  },
  {
    check: 'Port-10249',
    lay: `systemd-run -q --unit old-exporter python3 -c 'import socket,time; s=socket.socket(); s.bind(("127.0.0.1",10249)); s.listen(); time.sleep(9999)' 2>/dev/null || systemd-run -q --unit old-exporter perl -MIO::Socket::INET -e 'my $s=IO::Socket::INET->new(LocalAddr=>"127.0.0.1:10249",Listen=>1) or die; sleep 9999'`,
    mend: 'systemctl stop old-exporter',
  },
  {
    check: 'Port-8472',
    lay: `systemd-run -q --unit old-overlay perl -MIO::Socket::INET -e 'my $s=IO::Socket::INET->new(LocalPort=>8472,Proto=>"udp") or die; sleep 9999'`,
    mend: 'systemctl stop old-overlay',
  },
  {
    check: 'Sysctl',
    lay: 'echo net.ipv4.ip_forward=0 > /etc/sysctl.d/99-zz-hardening.conf',
    mend: 'rm /etc/sysctl.d/99-zz-hardening.conf',
  },
  {
    check: 'NameServers',
    lay: 'cp /etc/resolv.conf /root/resolv.conf; echo nameserver 127.0.0.53 > /etc/resolv.conf',
    mend: 'cat /root/resolv.conf > /etc/resolv.conf; rm /root/resolv.conf',
  },
  {
    check: 'NetworkOverlap',
    lay: 'ip link add docker0 type bridge; ip link set docker0 up; ip addr add 10.96.7.1/16 dev docker0; ip route add 10.244.9.0/24 dev docker0',
    mend: 'ip link delete docker0',
  },
  {
    check: 'KernelModules',
    lay: 'mkdir -p /etc/modprobe.d; echo install overlay /bin/false > /etc/modprobe.d/zz-cis.conf',
    mend: 'rm /etc/modprobe.d/zz-cis.conf',
  },
  {
    check: 'Proxy',
    lay: 'systemctl set-environment HTTPS_PROXY=http://proxy.example:3128 NO_PROXY=localhost',
    mend: 'systemctl unset-environment HTTPS_PROXY NO_PROXY',
  },
  {
    check: 'XtablesLock',
    lay: 'rm -f /run/xtables.lock; mkdir /run/xtables.lock',
    mend: 'rmdir /run/xtables.lock',
  },
  {
    check: 'NoExec',
    lay: 'mkdir -p /opt; mount -t tmpfs -o noexec tmpfs /opt',
    mend: 'umount /opt',
  },
];

let site: Site;
let before: Traces;

beforeAll(async () => {
  site = await debianSite('past', hosts, { hosts });
});
afterAll(() => site.close());

const findings = (result: KbootResult): readonly string[] =>
  result.events.filter(({ type }) => type === 'finding').map(({ check }) => String(check));

test('an unused host has no findings', async () => {
  const plan = await site.kboot('plan', [...until, '-o', 'json']);
  expect(plan, plan.stderr).toMatchObject({ exitCode: 0 });
  expect(findings(plan)).toEqual([]);
});

test('plan names everything that others left, and changes nothing', async () => {
  for (const { lay } of leftovers) await output(site.lab, 'cp-1', lay);
  const plan = await site.kboot('plan', until);
  expect(plan.exitCode).toBe(5);
  const refused = await site.kboot('up', [...until, '--yes', '-o', 'json']);
  expect(refused.exitCode).toBe(5);
  expect([...new Set(findings(refused))].sort()).toEqual(leftovers.map(({ check }) => check).sort());
});

test('plan names a masked service, whose file it cannot read', async () => {
  for (const { mend } of leftovers) await output(site.lab, 'cp-1', mend);
  await output(site.lab, 'cp-1', 'systemctl mask kubelet');
  const plan = await site.kboot('plan', [...until, '-o', 'json']);
  expect(plan.exitCode).not.toBe(0);
  expect(findings(plan)).toEqual(['MaskedUnit']);
  await output(site.lab, 'cp-1', 'systemctl unmask kubelet');
});

test('without them, up works; network configurations are put by', async () => {
  await output(
    site.lab,
    'cp-1',
    'mkdir -p /etc/cni/net.d; for f in 10-containerd-net.conflist 05-cilium.conf 87-podman-bridge.conflist; do echo "{} of $f" > /etc/cni/net.d/$f; done; echo keep > /etc/cni/net.d/README',
  );
  before = await traces(site.lab, 'cp-1');
  const plan = await site.kboot('plan', until);
  expect(plan.stdout).toContain(
    'puts by 05-cilium.conf, 10-containerd-net.conflist, 87-podman-bridge.conflist of an earlier tool',
  );
  const up = await site.kboot('up', [...until, '--yes', '-o', 'json']);
  expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
  expect(stepLines(up)).toContain('cp-1 update cni-config /etc/cni/net.d');
  expect(await output(site.lab, 'cp-1', 'ls /etc/cni/net.d')).toBe('README');
  const again = await site.kboot('up', [...until, '--yes']);
  expect(again.stdout).toContain('nothing to do');
});

test('drift shows a later one', async () => {
  await output(site.lab, 'cp-1', 'echo "{}" > /etc/cni/net.d/00-later.json');
  const plan = await site.kboot('plan', [...until, '--detailed-exitcode']);
  expect(plan.exitCode).toBe(2);
  expect(plan.stdout).toContain('puts by 00-later.json');
  await output(site.lab, 'cp-1', 'rm /etc/cni/net.d/00-later.json');
});

test('reset returns them', async () => {
  const reset = await site.kboot('reset', ['--yes']);
  expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
  expect(
    await output(site.lab, 'cp-1', 'cat /etc/cni/net.d/87-podman-bridge.conflist; ls /etc/cni/net.d | wc -l'),
  ).toBe('{} of 87-podman-bridge.conflist\n4');
  const left = traceDifferences(before, await traces(site.lab, 'cp-1')).filter(
    // systemd forgets the device units of docker0 only after a while.
    (line) => !line.startsWith('folders + /run/kboot|') && !line.includes('docker0.device'),
  );
  expect(left).toEqual([]);
});
