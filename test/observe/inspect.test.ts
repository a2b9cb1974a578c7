import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectSections, readInspection } from '../../src/observe/inspect.ts';
import { readSections, sectionsScript } from '../../src/observe/probe.ts';
import { shells } from '../resource/sandbox.ts';
import type { Inspection } from '../../src/model/inspection.ts';

const noon = Date.parse('2026-11-20T12:00:00Z');
/** What a host prints, by section. */
type Output = ReadonlyMap<string, string>;
const others: Readonly<Record<string, readonly string[]>> = {
  line: [
    '/proc/meminfo:1:MemTotal:        4028860 kB',
    '/proc/self/status:38:Cpus_allowed_list:\t0-2,7',
    '/proc/self/mounts:5:cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0',
  ],
  part: [],
  unit: [],
  address: [
    '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
    '2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever',
    '2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever',
    '9: wg0    inet 10.9.0.1 peer 10.9.0.2/32 scope global wg0',
  ],
  socket: [
    'udp   UNCONN 0      0            0.0.0.0:8472       0.0.0.0:*',
    'tcp   LISTEN 0      128          0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=812,fd=3),("x",pid=9,fd=3))',
    'tcp   LISTEN 0      4096               *:6443             *:*',
  ],
  route: [],
  vxlan: [],
  config: [],
  disk: ['Filesystem     1024-blocks     Used Available Capacity Mounted on'],
  user: [],
  group: [],
  size: [],
};
/** The sections of a host, with these lines in addition to those of a host that has nothing, or in their place. */
const output = (
  more: readonly string[] = [],
  now = noon,
  sections: Readonly<Record<string, readonly string[]>> = {},
): Output =>
  new Map([
    ...Object.entries({ ...others, ...sections }).map(
      ([name, lines]) => [`inspection-${name}`, lines.map((line) => `${line}\n`).join('')] as const,
    ),
    [
      'inspection',
      [
        'os=debian',
        'osVersion=12',
        'machine=x86_64',
        'kernel=6.1.0-13-amd64',
        'systemd=1',
        'hostname=cp-1',
        'machineId=abc',
        'productUuid=',
        'clusterId=',
        'etcd=absent',
        'lookup=1000.25 1000.28',
        'caDirectory=/usr/share/ca-certificates',
        'caDirectory=/etc/ca-certificates',
        ...more,
        `now=${now}000000`,
        '',
      ].join('\n'),
    ] as const,
  ]);
/** The same with another text in the section of facts. */
const replaced = (whole: Output, from: string, to: string): Output =>
  new Map([...whole, ['inspection', (whole.get('inspection') ?? '').replace(from, to)]]);
const read = (text: Output, asked = noon - 50, answered = noon + 50): Inspection => {
  const seen = readInspection(text, asked, answered);
  if (seen === undefined) throw new Error('cut off');
  return seen;
};

describe('readInspection', () => {
  it('reads the interfaces where IPv6 is off, and the routes that forwarding would drop', () => {
    expect(read(output())).toMatchObject({ ipv6Off: [], advertisedRoutes: [] });
    const line = [
      '/proc/sys/net/ipv6/conf/default/disable_ipv6:1:1',
      '/proc/sys/net/ipv6/conf/eth1/disable_ipv6:1:1',
      '/proc/sys/net/ipv6/conf/eth0/accept_ra:1:1',
      '/etc/sysctl.d/a/disable_ipv6:1:1',
    ];
    const route = ['eth0', 'eth0', 'eth1'].map(
      (name) => `default via fe80::1 dev ${name} proto ra metric 1024`,
    );
    expect(read(output([], noon, { line, route }))).toMatchObject({
      ...{ ipv6Off: ['default', 'eth1'], advertisedRoutes: ['eth0'] },
    });
    expect(read(output(['ipv6Off=kernel']))).toMatchObject({ ipv6Off: ['kernel'] });
  });

  it('reads a host', () => {
    const disk = [
      ...(others['disk'] ?? []),
      '/dev/vda1         61608484 9000000  20480000      31% /var/my lib',
    ];
    expect(read(output(['free=/var/lib'], noon, { disk }))).toMatchObject({
      facts: {
        architecture: 'amd64',
        os: { id: 'debian', versionId: '12' },
        caDirectories: ['/etc/ca-certificates', '/usr/share/ca-certificates'],
        systemdResolved: false,
      },
      kernel: '6.1.0-13-amd64',
      cpus: 4,
      memoryMiB: 3934,
      cgroupVersion: 2,
      systemd: true,
      hostname: 'cp-1',
      productUuid: '',
      clockSkewMs: 0,
      addresses: [
        { address: '127.0.0.1', prefix: 8, interface: 'lo' },
        { address: '10.0.0.11', prefix: 24, interface: 'eth0' },
        { address: 'fe80::1', prefix: 64, interface: 'eth0' },
        { address: '10.9.0.1', prefix: 32, interface: 'wg0' },
      ],
      listening: [
        { port: 22, program: 'sshd' },
        { port: 6443, program: '?' },
      ],
      udpListening: [{ port: 8472, program: '?' }],
      freeMiB: { '/var/lib': 20000 },
      manifests: [],
      etcdData: 'absent',
      nameLookupMs: 30,
      missingTools: [],
      kubeletActive: false,
      dockerContainers: null,
    });
  });

  it('reads the distribution, its relatives, and what the machine is', () => {
    expect(read(output())).toMatchObject({ machine: 'x86_64', bits: 64, packageManagers: [] });
    expect(read(output()).facts.os).toEqual({ id: 'debian', versionId: '12' });
    const more = ['osLike=rhel centos fedora', 'bits=32', 'manager=dnf', 'manager=apt', 'manager=pacman'];
    const other = read(replaced(output(more), 'x86_64', 'armv7l'));
    expect(other).toMatchObject({ machine: 'armv7l', bits: 32, packageManagers: ['apt', 'dnf'] });
    expect(other.facts.os.like).toEqual(['rhel', 'centos', 'fedora']);
  });

  it('reads the facts that only some hosts have', () => {
    const more = [
      'manifest=etcd.yaml',
      'manifest=a b.yaml',
      'missing=tar',
      'missing=ss',
      'container=moby',
      'container=k8s.io',
      'container=moby',
    ];
    const unit = ['systemd-resolved', 'kubelet', 'docker', 'containerd'].map(
      (name) => `${name}.service loaded active running A service`,
    );
    const line = ['/proc/self/mounts:5:tmpfs /sys/fs/cgroup tmpfs ro,nosuid 0 0'];
    let text = output(more, noon, { unit, line });
    for (const [from, to] of [
      ['x86_64', 'aarch64'],
      ['lookup=1000.25 1000.28\n', ''],
      ['etcd=absent', 'etcd=present'],
      ['systemd=1\n', ''],
    ] as const)
      text = replaced(text, from, to);
    expect(read(text)).toMatchObject({
      facts: { architecture: 'arm64', systemdResolved: true },
      cgroupVersion: 1,
      systemd: false,
      manifests: ['etcd.yaml', 'a b.yaml'],
      kubeletActive: true,
      dockerContainers: 2,
      missingTools: ['tar', 'ss'],
      nameLookupMs: null,
      etcdData: 'present',
    });
  });

  it('reads whether kboot configured what keeps the time', () => {
    expect(
      read(output(['timeProgram=chrony'], noon, { line: ['/var/lib/kboot/owned:7:/etc/chrony-kboot.env'] }))
        .facts,
    ).toMatchObject({
      timeService: 'chrony',
      ntpFiles: true,
    });
    expect(read(output()).facts).not.toHaveProperty('timeService');
  });

  it('treats etcd data as unknown unless it was clearly reported', () => {
    for (const told of ['etcd=', 'etcd=unknown', 'etcd=abs', 'x=absent'])
      expect(read(replaced(output(), 'etcd=absent', told)).etcdData).toBe('unknown');
  });

  it('is undefined if the output is truncated', () => {
    const whole = output();
    const text = whole.get('inspection') ?? '';
    const cut = (length: number, end = ''): Inspection | undefined =>
      readInspection(new Map([...whole, ['inspection', `${text.slice(0, length)}${end}`]]), noon, noon);
    for (let length = 0; length < text.indexOf('now='); length += 7) expect(cut(length)).toBeUndefined();
    expect(cut(text.indexOf('now='), 'now=\n')).toBeUndefined();
    expect(cut(text.indexOf('now='), 'now=%N\n')).toBeUndefined();
    for (const name of whole.keys())
      expect(
        readInspection(new Map([...whole].filter(([each]) => each !== name)), noon, noon),
        name,
      ).toBeUndefined();
  });

  it('takes nothing from the output of a program for a fact of another name', () => {
    const lines = ['now=1', 'etcd=present', 'hostname=other', 'tcp=x'];
    const sections = Object.fromEntries(
      Object.entries(others).map(([name, own]) => [name, [...own, ...lines]]),
    );
    expect(read(output([], noon, sections))).toMatchObject({
      hostname: 'cp-1',
      etcdData: 'absent',
      clockSkewMs: 0,
    });
  });

  it("reads etcd's user, and who else has its ID", () => {
    const of = (user: readonly string[], group: readonly string[] = []): Inspection =>
      read(output([], noon, { user, group }));
    const own = of(['etcd:x:2379:2380::/nonexistent:/usr/sbin/nologin'], ['etcd:x:2379:']);
    expect(own.facts.etcdUser).toEqual({ uid: 2379, gid: 2380 });
    expect(own.etcdIdTaken).toBe(false);
    const taken = of(['etcd:x:101:102::/:/bin/false', 'ann:x:2379:100:Ann:/home/ann:/bin/sh']);
    expect([taken.facts.etcdUser, taken.etcdIdTaken]).toEqual([{ uid: 101, gid: 102 }, true]);
    expect(of([], ['ops:x:2379:ann']).etcdIdTaken).toBe(true);
    expect(of([]).facts).not.toHaveProperty('etcdUser');
  });

  it('reads files on their way from host to host, the size of the database, and addresses of interfaces', () => {
    const sum = 'ab'.repeat(32);
    const size = [
      '3145729 /var/lib/etcd/member/snap/db',
      '1048576 /data/etcd/member/snap/db',
      `5 /var/lib/kboot/spread/${sum}`,
      `6 /var/lib/kboot/spread/${sum}.part`,
      '7 /var/lib/kboot/spread/other',
    ];
    const line = ['/sys/class/net/eth0/address:1:52:54:00:00:00:01', '/proc/7/comm:1:52:54'];
    expect(read(output([], noon, { size, line }))).toMatchObject({
      etcdDatabaseMiB: 4,
      spread: [
        { sha256: sum, bytes: 5, isWhole: true },
        { sha256: sum, bytes: 6, isWhole: false },
      ],
      macAddresses: ['52:54:00:00:00:01'],
    });
    expect(read(output())).not.toHaveProperty('spread');
  });

  it("counts as clock skew only what the probe's duration cannot explain", () => {
    const skew = (now: number): number => read(output([], now), noon, noon + 2000).clockSkewMs;
    expect([noon, noon + 2000, noon + 3000, noon - 5000, noon + 3_600_000].map(skew)).toEqual([
      0, 0, 1000, -5000, 3_598_000,
    ]);
  });
});

describe('inspectSections', () => {
  /** What they find on this machine. */
  function inspect(ask: Parameters<typeof inspectSections>[0] = {}, path = '', shell = 'sh'): Inspection {
    const env = { ...process.env, PATH: `${path}${path === '' ? '' : ':'}${process.env['PATH'] ?? ''}` };
    // The script sets the PATH of a host.
    const script = sectionsScript('0123', inspectSections(ask)).replace(/ PATH=\S+/, '');
    const asked = Date.now();
    const { stdout } = spawnSync(shell, ['-s'], { input: script, env, encoding: 'utf8' });
    return read(readSections(stdout, '0123'), asked - 1, Date.now() + 1);
  }

  it.each(shells)('report the facts of this machine in %s', (shell) => {
    const seen = inspect({}, '', shell);
    expect(seen.cpus).toBe(Number(spawnSync('nproc', { encoding: 'utf8' }).stdout));
    expect(seen.kernel).toBe(spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim());
    expect(seen.memoryMiB).toBeGreaterThan(100);
    expect(seen.clockSkewMs).toBe(0);
    expect(seen.machine).toBe(spawnSync('uname', ['-m'], { encoding: 'utf8' }).stdout.trim());
    expect(seen.bits).toBe(64);
    expect(Object.keys(seen.freeMiB)).toEqual(['/var/lib', '/usr/local', '/etc']);
    expect(Object.values(seen.freeMiB).every((free) => free > 0)).toBe(true);
    expect(seen.space.map(({ folder }) => folder)).toEqual([
      '/var/lib/containerd',
      '/var/lib/kboot',
      '/usr/bin',
    ]);
    for (const { freeMiB, mount } of seen.space) {
      expect(freeMiB).toBeGreaterThan(0);
      expect(mount).toMatch(/^\//);
    }
    expect(seen.nameLookupMs === null || seen.nameLookupMs >= 0).toBe(true);
  });

  /** The holder of 127.0.0.9, by a neighbour table that reports `states` one after another. */
  function heldBy(states: readonly string[]): string {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-neighbours-'));
    const table = join(dir, 'table');
    try {
      writeFileSync(table, states.map((state) => `${state}\n`).join(''));
      const next = `head -n 1 ${table}; [ $(wc -l < ${table}) = 1 ] || sed -i 1d ${table}`;
      writeFileSync(join(dir, 'ip'), `#!/bin/sh\n[ "$1" != neigh ] || { ${next}; }\n`, { mode: 0o755 });
      return inspect({ virtualIP: '127.0.0.9' }, dir).virtualIPHeldBy;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  it("looks for etcd's data in the folder of the inventory, and at what static Pods need", () => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-paths-'));
    const see = (name: string): Inspection => {
      const ask = { etcdDataDir: join(dir, name), podPaths: [dir, join(dir, 'a file'), join(dir, 'none')] };
      return inspect(ask);
    };
    try {
      mkdirSync(join(dir, 'used/member/snap'), { recursive: true });
      writeFileSync(join(dir, 'used/member/snap/db'), Buffer.alloc(3 * 1024 * 1024 + 1));
      mkdirSync(join(dir, 'mounted/lost+found'), { recursive: true });
      writeFileSync(join(dir, 'a file'), '');
      expect(['used', 'mounted', 'missing/data'].map((name) => see(name).etcdData)).toEqual([
        'present',
        'absent',
        'absent',
      ]);
      expect(see('used').etcdDatabaseMiB).toBe(4);
      const seen = see('missing/data');
      expect(seen.etcdDatabaseMiB).toBe(0);
      expect(seen.freeMiB[join(dir, 'missing/data')]).toBeGreaterThan(0);
      expect(seen.podPaths).toEqual({
        [dir]: 'Directory',
        [join(dir, 'a file')]: 'File',
        [join(dir, 'none')]: 'absent',
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('reports a Docker only if it uses the containerd that systemd runs', () => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-units-'));
    const docker = (...active: readonly string[]): number | null => {
      const table = active.map((name) => `echo '${name}.service loaded active running x'`).join('; ');
      writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\n${table}\n`, { mode: 0o755 });
      return inspect({}, dir).dockerContainers;
    };
    try {
      expect(docker('docker', 'containerd')).toBeGreaterThanOrEqual(0);
      expect([docker('docker'), docker('containerd'), docker()]).toEqual([null, null, null]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('asks again about a cached holder of the virtual IP', () => {
    const entry = '127.0.0.9 dev eth0 lladdr 02:00:00:00:00:07';
    expect(heldBy([`${entry} REACHABLE`])).toBe('02:00:00:00:00:07');
    expect(heldBy([`${entry} DELAY`, `${entry} PROBE`, `${entry} REACHABLE`])).toBe('02:00:00:00:00:07');
    expect(heldBy([`${entry} DELAY`, `${entry} PROBE`, '127.0.0.9 dev eth0 FAILED'])).toBe('');
    expect(heldBy(['127.0.0.9 dev eth0 INCOMPLETE'])).toBe('');
    expect(heldBy([''])).toBe('');
  });
});
