import { expect, it } from 'vitest';
import type { Inspection } from '../../../../src/model/inspection.ts';
import { upgradeFindings, type UpgradeCheckInput } from '../../../../src/plan/preflight/upgrade/index.ts';
import { good } from '../../../samples/inspection.ts';
import { upgradeInput, upgradingCluster } from '../../../samples/upgrade.ts';

type Space = Inspection['space'];

const on = (mount: string, freeMiB: number, ...folders: readonly string[]): Space =>
  folders.map((folder) => ({ folder, freeMiB, mount }));

function lines(space: Space, changes: Partial<UpgradeCheckInput> = {}): string[] {
  const inspections = new Map(upgradingCluster.hosts.map((host) => [host.name, { ...good(host), space }]));
  return upgradeFindings(upgradeInput({}, { inspections, ...changes })).map(
    ({ check, level, host, message }) => `${check} ${level} ${host}: ${message}`,
  );
}

it('a host with room for everything is fine', () => {
  const inspections = new Map(upgradingCluster.hosts.map((host) => [host.name, good(host)]));
  expect(upgradeFindings(upgradeInput({}, { inspections }))).toEqual([]);
});

it('one file system needs room for all that is on it', () => {
  const space = on('/', 1300, '/var/lib/containerd', '/var/lib/kboot', '/usr/bin');
  const message = (needed: number): string =>
    `1300 MiB free on /, which has /var/lib/containerd, /var/lib/kboot, /usr/bin; the upgrade needs about ${needed} MiB there`;
  expect(lines(space)).toEqual([
    `DiskSpace error cp-1: ${message(2050)}`,
    `DiskSpace error w-1: ${message(1550)}`,
    `DiskSpace error w-2: ${message(1550)}`,
  ]);
  expect(lines(space, { from: 'v1.36.2' }).map((line) => line.split(' ')[1])).toEqual(
    Array<string>(3).fill('warning'),
  );
});

it('each of several file systems needs room for its own', () => {
  const space = [...on('/', 350, '/usr/bin'), ...on('/var', 1699, '/var/lib/containerd', '/var/lib/kboot')];
  expect(lines(space)).toEqual([
    expect.stringMatching(/^DiskSpace error cp-1: 1699 MiB free on \/var, .* 1700 MiB/),
  ]);
});

it('with a bundle, the sizes are those of its index', () => {
  const mib = 1024 * 1024;
  const file = (path: string, size: number, arch = 'amd64') => ({ path, size: size * mib, arch, sha256: '' });
  const bundle = {
    files: [
      file('bin/kubelet', 80),
      file('images/api.tar', 30),
      file('images/proxy.tar', 40),
      file('arm', 999, 'arm64'),
    ],
    images: [
      { ref: 'registry.k8s.io/kube-apiserver:v1.36.2', path: 'images/api.tar', arch: 'amd64' },
      { ref: 'registry.k8s.io/kube-proxy:v1.36.2', path: 'images/proxy.tar', arch: 'amd64' },
    ],
  };
  const space = on('/', 0, '/var/lib/containerd', '/var/lib/kboot', '/usr/bin');
  const [plane, worker] = lines(space, { bundle });
  expect(plane).toContain('the upgrade needs 380 MiB there');
  expect(worker).toContain('the upgrade needs 320 MiB there');
});

it('the machine that runs kboot needs room for the snapshot of etcd', () => {
  const inspections = new Map(
    upgradingCluster.hosts.map((each, index) => [
      each.name,
      { ...good(each), etcdDatabaseMiB: index === 0 ? 900 : 0 },
    ]),
  );
  const messages = (freeMiB: number): readonly string[] => {
    const seen = { stateFolder: { path: '/srv/.kboot/mine', freeMiB } };
    return upgradeFindings(upgradeInput(seen, { inspections })).map(({ message }) => message);
  };
  expect(messages(900)).toEqual([]);
  expect(messages(899)).toEqual([
    '899 MiB free on this machine at /srv/.kboot/mine; the snapshot of etcd needs up to 900 MiB there',
  ]);
});
