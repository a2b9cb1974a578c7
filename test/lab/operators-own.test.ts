import { afterAll, beforeAll, expect, test } from 'vitest';
import { offerPackages } from './debian-packages.ts';
import type { KbootResult, Site } from './kboot.ts';
import { debianSite } from './three-hosts.ts';
import { output, traceDifferences, traces } from './traces.ts';
import type { Traces } from './traces.ts';

// Disks, links, swap and configuration files of the operator, through up and reset.

const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.41.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.41.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.41.22' },
];
const until = ['--until', 'load-balancer', '--yes'];

/** A disk at each folder: loop devices where there are any, else a tmpfs; one of them below another. */
const disks = `disk() {
  mkdir -p $1
  if truncate -s $2 /var/$3.img && mkfs.ext4 -qF /var/$3.img && mount -o loop /var/$3.img $1; then echo "/var/$3.img $1 ext4 loop 0 2" >> /etc/fstab
  else mount -t tmpfs none $1 && echo "none $1 tmpfs defaults 0 0" >> /etc/fstab; fi
}
disk /var/lib/kubelet 200M k; disk /var/lib/containerd 1G c; disk /var/lib/kubelet/plugins 50M p
systemctl daemon-reload`;

/** Links on another disk, which has a folder of the operator's beside the targets. */
const links = `mkdir -p /var/disk/mine /var/disk/containerd /var/disk/kubelet /var/disk/kubernetes /var/disk/cni /var/disk/pods
mkdir -m 700 /var/disk/kboot
echo precious > /var/disk/mine/data
ln -s /var/disk/containerd /var/lib/containerd
ln -s /var/disk/kubelet /var/lib/kubelet
ln -s /var/disk/kubernetes /etc/kubernetes
ln -s /var/disk/cni /opt/cni
ln -s /var/disk/pods /var/log/pods
ln -s /var/disk/kboot /var/lib/kboot`;

/** What a kubelet leaves: a volume of a Pod, mounted from a folder of the operator's. */
const pod = `mkdir -p /var/lib/kubelet/pki /var/lib/kubelet/pods/u/volumes/v /var/lib/kubelet/plugins/csi /var/precious /etc/kubernetes/pki
echo precious > /var/precious/data; echo old > /var/lib/kubelet/pki/kubelet.crt; echo old > /etc/kubernetes/pki/ca.key
mount --bind /var/precious /var/lib/kubelet/pods/u/volumes/v`;

/** Swap by a unit, by a service and by a line; a file where a package has its own. */
const swapAndFile = `printf '[Unit]\\nDescription=swap\\n[Swap]\\nWhat=/swapfile\\n[Install]\\nWantedBy=swap.target\\n' > /etc/systemd/system/swapfile.swap
printf '[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' > /lib/systemd/system/dphys-swapfile.service
systemctl daemon-reload; systemctl enable -q swapfile.swap; systemctl enable -q --now dphys-swapfile
printf 'UUID=7 none\\tswap defaults,x-systemd.makefs 0 0\\n' >> /etc/fstab
mkdir -p /etc/haproxy; echo '# of an earlier tool' > /etc/haproxy/haproxy.cfg`;

/**
 * A lock file (up-runtime.test.ts); what the test itself leaves; devices that come to be known; the mode of the
 * folder of containerd, which sets it.
 */
const permitted = /\/run\/kboot\|d$|\/var\/precious|units . (dev|sys)-|\/containerd\|d\|7/;

let site: Site;
let before: ReadonlyMap<string, Traces>;

const onHost = (host: string, command: string): Promise<string> => output(site.lab, host, command);
const ok = (result: KbootResult): KbootResult => {
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  return result;
};
const everyHost = async <T>(look: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> =>
  new Map(await Promise.all(hosts.map(async ({ name }) => [name, await look(name)] as const)));

beforeAll(async () => {
  site = await debianSite('operators', hosts, { hosts });
  await site.write('site', { hosts, spec: { loadBalancer: { virtualIP: '10.79.41.100', port: 8443 } } });
  await offerPackages(site.lab, 'cp-1', ['haproxy']);
  await onHost('cp-1', swapAndFile);
  await onHost('w-1', disks);
  await onHost('w-2', links);
  before = await everyHost((name) => traces(site.lab, name));
});

afterAll(() => site.close());

test('up uses the disks and links, turns swap off, and asks nothing about the file', async () => {
  ok(await site.kboot('up', until));
  expect(await onHost('w-1', 'findmnt -n -o TARGET /var/lib/kubelet; ls /var/lib/containerd')).toMatch(
    /^\/var\/lib\/kubelet\n[^]*io\.containerd/,
  );
  expect(
    await onHost('w-2', 'readlink /var/lib/containerd /etc/kubernetes /opt/cni; ls /var/disk/*'),
  ).toMatch(/^\/var\/disk\/containerd\n\/var\/disk\/kubernetes\n\/var\/disk\/cni\n[^]*io\.containerd/);
  expect(await onHost('cp-1', 'systemctl list-unit-files --type=swap --no-legend | cat')).toBe('');
  expect(
    await onHost('cp-1', 'systemctl is-enabled dphys-swapfile || systemctl is-active dphys-swapfile || true'),
  ).toBe('masked\ninactive');
  expect(
    await onHost('cp-1', 'systemctl is-active haproxy; grep -c 10.79.41 /etc/haproxy/haproxy.cfg'),
  ).toMatch(/^active\n[1-9]/);
  const again = ok(await site.kboot('up', until));
  expect(again.stdout).toMatch(/nothing to do/);
});

test('a reset says what stays', async () => {
  await onHost('w-1', pod);
  await onHost('w-2', pod);
  const plan = await site.kboot('reset', ['--limit', 'w-1,w-2'], {});
  expect(plan.stdout + plan.stderr).toContain('emptied and kept, as mounted or linked: /var/lib/kubelet, ');
});

test('reset leaves disks, links, swap and the file as they were, and nothing of a cluster in them', async () => {
  ok(await site.kboot('reset', ['--yes']));
  expect(
    await onHost(
      'w-1',
      'for m in kubelet containerd kubelet/plugins; do findmnt -n -o TARGET /var/lib/$m; ls -A /var/lib/$m; done',
    ),
  ).toMatch(
    /^\/var\/lib\/kubelet\n(lost\+found\n)?plugins\n\/var\/lib\/containerd\n(lost\+found\n)?\/var\/lib\/kubelet\/plugins(\nlost\+found)?$/,
  );
  expect(await onHost('w-2', 'ls -A /var/disk /var/disk/*')).toBe(
    ['/var/disk:', 'cni', 'containerd', 'kboot', 'kubelet', 'kubernetes', 'mine', 'pods', '']
      .concat(
        ['cni', 'containerd', 'kboot', 'kubelet', 'kubernetes'].flatMap((name) => [`/var/disk/${name}:`, '']),
      )
      .concat(['/var/disk/mine:', 'data', '', '/var/disk/pods:'])
      .join('\n'),
  );
  for (const host of ['w-1', 'w-2']) expect(await onHost(host, 'cat /var/precious/data')).toBe('precious');
  expect(await onHost('cp-1', 'cat /etc/haproxy/haproxy.cfg')).toBe('# of an earlier tool');
  expect(await onHost('cp-1', 'systemctl list-unit-files --type=swap --no-legend')).toMatch(
    /^swapfile\.swap +enabled/,
  );
  expect(
    await onHost('cp-1', 'systemctl is-enabled dphys-swapfile; systemctl is-active dphys-swapfile'),
  ).toBe('enabled\nactive');
  for (const [name, now] of await everyHost((host) => traces(site.lab, host))) {
    // The package that cp-1 keeps adds a user, and more.
    if (name === 'cp-1') continue;
    const first = before.get(name);
    if (first === undefined) throw new Error(name);
    const left = traceDifferences(first, now).filter((line) => !permitted.test(line));
    expect(left, name).toEqual([]);
  }
  expect(await site.kboot('reset', ['--yes'])).toMatchObject({
    exitCode: 0,
    stdout: 'operators: nothing to reset on 3 hosts\n',
  });
});

test('after a boot nothing of the old cluster comes back, and up works again', async () => {
  await site.lab.kill('w-1');
  await site.lab.boot('w-1');
  await onHost('w-1', 'mount -a 2>/dev/null; ls /var/lib/kubelet/pki 2>/dev/null | wc -l').then((count) => {
    expect(count).toBe('0');
  });
  ok(await site.kboot('up', until));
});
