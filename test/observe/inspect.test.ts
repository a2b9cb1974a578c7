import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectScript, readInspection } from '../../src/observe/inspect.ts';
import type { Inspection } from '../../src/model/inspection.ts';

const noon = Date.parse('2026-11-20T12:00:00Z');
const output = (more: readonly string[] = [], now = noon): string =>
  [
    'os=debian',
    'osVersion=12',
    'machine=x86_64',
    'kernel=6.1.0-13-amd64',
    'cpus=4',
    'memKiB=4028860',
    'cgroup=cgroup2fs',
    'systemd=1',
    'hostname=cp-1',
    'machineId=abc',
    'productUuid=',
    'address=127.0.0.1/8 lo',
    'address=10.0.0.11/24 eth0',
    'address=fe80::1/64 eth0',
    // A tunnel: `inet 10.9.0.1 peer 10.9.0.2/32`.
    'address=10.9.0.1 wg0',
    'listen-t=22 sshd',
    'listen-t=6443 ',
    'listen-u=8472 ',
    'free=/var/lib 20480000',
    'clusterId=',
    'caDigest=',
    'etcd=absent',
    'lookupMs=3',
    'caDirectory=/usr/share/ca-certificates',
    'caDirectory=/etc/ca-certificates',
    ...more,
    `now=${now}000000`,
    '',
  ].join('\n');
const read = (text: string, asked = noon - 50, answered = noon + 50): Inspection => {
  const seen = readInspection(text, asked, answered);
  if (seen === undefined) throw new Error('cut off');
  return seen;
};

describe('readInspection', () => {
  it('reads the interfaces where IPv6 is off, and the routes that forwarding would drop', () => {
    expect(read(output())).toMatchObject({ ipv6Off: [], advertisedRoutes: [] });
    const lines = ['ipv6Off=default', 'ipv6Off=eth1', 'advertised=eth0', 'advertised=eth0'];
    expect(read(output(lines))).toMatchObject({ ipv6Off: ['default', 'eth1'], advertisedRoutes: ['eth0'] });
  });

  it('reads a host', () => {
    expect(read(output())).toMatchObject({
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
      freeMiB: { '/var/lib': 20000 },
      manifests: [],
      etcdData: 'absent',
      nameLookupMs: 3,
      missingTools: [],
      kubeletActive: false,
      dockerContainers: null,
    });
  });

  it('reads the distribution, its relatives, and what the machine is', () => {
    expect(read(output())).toMatchObject({ machine: 'x86_64', bits: 64, packageManagers: [] });
    expect(read(output()).facts.os).toEqual({ id: 'debian', versionId: '12' });
    const more = ['osLike=rhel centos fedora', 'bits=32', 'manager=dnf', 'manager=apt', 'manager=pacman'];
    const other = read(output(more).replace('x86_64', 'armv7l'));
    expect(other).toMatchObject({ machine: 'armv7l', bits: 32, packageManagers: ['apt', 'dnf'] });
    expect(other.facts.os.like).toEqual(['rhel', 'centos', 'fedora']);
  });

  it('reads the facts that only some hosts have', () => {
    const more = [
      'manifest=etcd.yaml',
      'manifest=a b.yaml',
      'unit=systemd-resolved.service active',
      'unit=kubelet.service active',
      'missing=tar',
      'missing=ss',
      'dockerContainers=2',
    ];
    const text = output(more)
      .replace('x86_64', 'aarch64')
      .replace('cgroup2fs', 'tmpfs')
      .replace('lookupMs=3\n', '')
      .replace('etcd=absent', 'etcd=present')
      .replace('systemd=1\n', '');
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
    expect(read(output(['timeProgram=chrony', 'ntpFiles=1'])).facts).toMatchObject({
      timeService: 'chrony',
      ntpFiles: true,
    });
    expect(read(output()).facts).not.toHaveProperty('timeService');
  });

  it('treats etcd data as unknown unless it was clearly reported', () => {
    for (const told of ['etcd=', 'etcd=unknown', 'etcd=abs', 'x=absent'])
      expect(read(output().replace('etcd=absent', told)).etcdData).toBe('unknown');
  });

  it('is undefined if the output is truncated', () => {
    const text = output();
    for (let length = 0; length < text.indexOf('now='); length += 7)
      expect(readInspection(text.slice(0, length), noon, noon)).toBeUndefined();
    expect(readInspection(`${text.slice(0, text.indexOf('now='))}now=\n`, noon, noon)).toBeUndefined();
    expect(readInspection(`${text.slice(0, text.indexOf('now='))}now=%N\n`, noon, noon)).toBeUndefined();
  });

  it("counts as clock skew only what the probe's duration cannot explain", () => {
    const skew = (now: number): number => read(output([], now), noon, noon + 2000).clockSkewMs;
    expect([noon, noon + 2000, noon + 3000, noon - 5000, noon + 3_600_000].map(skew)).toEqual([
      0, 0, 1000, -5000, 3_598_000,
    ]);
  });
});

describe('inspectScript', () => {
  it('reports the facts of this machine', () => {
    const asked = Date.now();
    const { stdout } = spawnSync('sh', ['-s'], { input: inspectScript({}), encoding: 'utf8' });
    const seen = read(stdout, asked - 1, Date.now() + 1);
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
      const env = { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
      const input = inspectScript({ virtualIP: '127.0.0.9' });
      return read(spawnSync('sh', ['-s'], { input, env, encoding: 'utf8' }).stdout).virtualIPHeldBy;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  it("looks for etcd's data in the folder of the inventory, and at what static Pods need", () => {
    const dir = mkdtempSync(join(tmpdir(), 'kboot-paths-'));
    const see = (name: string): Inspection => {
      const ask = { etcdDataDir: join(dir, name), podPaths: [dir, join(dir, 'a file'), join(dir, 'none')] };
      return read(spawnSync('sh', ['-s'], { input: inspectScript(ask), encoding: 'utf8' }).stdout);
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
      const states = `for u in "$@"; do case ' ${active.join(' ')} ' in *" $u "*) echo active ;; *) echo inactive ;; esac; done`;
      writeFileSync(join(dir, 'systemctl'), `#!/bin/sh\n${states}\n`, { mode: 0o755 });
      const env = { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
      const { stdout } = spawnSync('sh', ['-s'], { input: inspectScript({}), env, encoding: 'utf8' });
      return read(stdout).dockerContainers;
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
