import { describe, expect, it } from 'vitest';
import { resetRemovals } from '../../src/desire/reset.ts';

const seen = {
  present: true,
  clusterId: 'x',
  etcdDataDir: '',
  owned: 3,
  kept: 0,
  containers: 2,
  keptFolders: [],
  swap: false,
  selinux: false,
  dockerContainers: null,
};
const text = (foreignEtcd: boolean): string => JSON.stringify(resetRemovals(seen, foreignEtcd));

describe('reset', () => {
  it("removes kboot's etcd and its data", () => {
    expect(text(false)).toContain(' /var/lib/etcd ');
    expect(text(false)).toContain('etcd.service');
  });

  it('never touches an etcd that someone else runs, even on the same host', () => {
    expect(text(true)).not.toMatch(/\/var\/lib\/etcd|etcd\.service/);
    expect(resetRemovals(seen, true)).toHaveLength(resetRemovals(seen).length);
  });

  it('says which data folders stay, as mount points or links', () => {
    const [line] = resetRemovals({ ...seen, keptFolders: ['/var/lib/kubelet'] }).filter(
      ({ what }) => what === 'data',
    );
    expect(line?.reason).toMatch(/; emptied and kept, as mounted or linked: \/var\/lib\/kubelet$/);
  });

  it("removes only etcd's own files from another folder, where it runs and where the inventory has it", () => {
    const scripts = (etcdDataDir: string, stated?: string): string =>
      JSON.stringify(resetRemovals({ ...seen, etcdDataDir }, false, stated));
    const removed = (...args: Parameters<typeof scripts>): string[] => {
      const paths = scripts(...args).matchAll(/\/(?:var\/lib\/etcd|mnt\/[a-z]+)(?:\/member)?(?=[ ;',])/g);
      return [...new Set([...paths].map(([path]) => path))];
    };
    expect(removed('/mnt/etcd', '/mnt/etcd')).toEqual(['/mnt/etcd/member']);
    expect(removed('', '/mnt/etcd')).toEqual(['/mnt/etcd/member']);
    expect(removed('/mnt/old', '/mnt/etcd')).toEqual(['/mnt/old/member', '/mnt/etcd/member']);
    expect(removed('/var/lib/etcd')).toEqual(['/var/lib/etcd']);
  });

  it.each([
    [false, 0, 'stopped and disabled', false],
    [true, 0, 'stopped and disabled', false],
    [false, 2, 'stopped and disabled; 2 snapshots in /var/backups/etcd stay', false],
    [true, 2, 'stopped and disabled; 2 snapshots in /var/backups/etcd are deleted', true],
  ])(
    'snapshots that the host took go only if asked to: %s, %d of them',
    (asked, snapshots, reason, deletes) => {
      const backup = { directory: '/var/backups/etcd', snapshots };
      const [timer] = resetRemovals({ ...seen, backup }, false, undefined, false, asked);
      expect(timer?.reason).toBe(reason);
      expect(timer?.script.includes('-delete')).toBe(deletes);
    },
  );

  it('leaves the Pod network of another CNI alone', () => {
    const parts = (foreignCni: boolean): readonly string[] => {
      const all = resetRemovals(seen, false, undefined, foreignCni).map(({ script }) => script);
      return [
        'flannel.1',
        'cni0',
        'FLANNEL-',
        'cali-',
        'flannel-ipv4',
        '10-flannel.conflist',
        'KUBE-',
      ].filter((part) => all.some((script) => script.replaceAll(/grep -qE .*/g, '').includes(part)));
    };
    expect(parts(false)).toHaveLength(7);
    expect(parts(true)).toEqual(['KUBE-']);
  });

  it('finds nothing to do on a host that kboot never was on', () => {
    expect(resetRemovals({ ...seen, present: false })).toEqual([]);
  });

  it('says which components stop, an etcd that someone else runs not among them', () => {
    const stops = (foreignEtcd: boolean): string[] =>
      resetRemovals(seen, foreignEtcd).flatMap(({ what, effects }) =>
        effects.map(({ component, kind }) => `${what}: ${kind} ${component}`),
      );
    expect(stops(false)).toEqual([
      'unit kubelet: stop kubelet',
      'load-balancer: stop keepalived',
      'load-balancer: stop haproxy',
      'pods: stop kube-apiserver',
      'pods: stop kube-controller-manager',
      'pods: stop kube-scheduler',
      'pods: stop kube-proxy',
      'pods: stop flannel',
      'pods: stop coredns',
      'pods: stop metallb',
      'unit containerd: stop containerd',
      'unit containerd: stop etcd',
    ]);
    expect(stops(true)).toEqual(stops(false).filter((line) => !line.endsWith(' etcd')));
  });
});
