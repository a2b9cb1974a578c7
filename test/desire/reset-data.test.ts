import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataFolders, removeFolders, unmountBelow } from '../../src/desire/reset-data.ts';
import { sandbox, shells, type Sandbox } from '../resource/sandbox.ts';

const moved = [
  ...['/etc/kubernetes', '/etc/fstab', '/proc/self/mountinfo', '/run/containerd', '/run/netns'],
  ...['/var/lib/kubelet', '/var/lib/etcd', '/var/lib/containerd', '/var/lib/cni', '/var/lib/kube-proxy'],
  ...['/var/log/pods', '/var/log/containers'],
];
const folders = dataFolders('/var/lib/etcd');

describe.each(shells)('the data folders, in %s', (shell) => {
  let box: Sandbox;
  /** Mount points, as the fake kernel shows them. */
  let mounts: readonly string[];

  beforeEach(() => {
    box = sandbox(shell, moved);
    mounts = [];
    const table = box.path('/proc/self/mountinfo');
    // Unmounts by editing the table; mounts whose name has `busy` stay.
    box.write(
      box.path('bin/umount'),
      `#!/bin/sh\nfor m; do :; done\ncase $m in *busy*) exit 1 ;; esac\nm=$(echo "$m" | sed 's/ /\\\\040/g')\ngrep -vF " $m " ${table} > ${table}.new; mv ${table}.new ${table}\n`,
      0o755,
    );
    box.write(
      box.path('bin/stat'),
      '#!/bin/sh\ncase $* in *nfs*) echo nfs ;; *) echo ext2/ext3 ;; esac\n',
      0o755,
    );
    for (const folder of folders) put(folder, 'data');
  });
  afterEach(() => {
    box.remove();
  });

  const put = (...parts: string[]): void => {
    box.write(box.path(...parts), 'data');
  };
  const there = (...parts: string[]): boolean => existsSync(box.path(...parts));
  const mount = (path: string): void => {
    mounts = [...mounts, path];
    put(path, 'below');
    const lines = mounts.map(
      (each, n) => `${n} 1 8:1 / ${box.path(each).replaceAll(' ', '\\040')} rw - ext4 /dev/x rw\n`,
    );
    box.write(box.path('/proc/self/mountinfo'), lines.join(''));
  };
  const mounted = (path: string): boolean =>
    (box.text(box.path('/proc/self/mountinfo')) ?? '').includes(
      ` ${box.path(path).replaceAll(' ', '\\040')} `,
    );
  const run = (script: string): { status: number | null; output: string } =>
    box.run(`PATH=${box.path('bin')}:$PATH\n${script}`);
  const reset = (): { status: number | null; output: string } =>
    run(`(${unmountBelow(folders)}\n) && (${removeFolders(folders)}\n)`);

  it('are removed', () => {
    box.write(box.path('/var/lib/kubelet/.hidden/x'), '');
    symlinkSync('/', box.path('/var/lib/kubelet/root'));
    expect(reset()).toMatchObject({ status: 0 });
    expect(folders.filter((folder) => there(folder))).toEqual([]);
    expect(reset()).toMatchObject({ status: 0 });
  });

  it('stay as mount points, empty, whatever mounted them', () => {
    for (const folder of folders) mount(folder);
    mkdirSync(box.path('/var/lib/kubelet/lost+found'));
    expect(reset()).toMatchObject({ status: 0 });
    for (const folder of folders) {
      expect(mounted(folder), folder).toBe(true);
      expect(readdirSync(box.path(folder)), folder).toEqual(
        folder === '/var/lib/kubelet' ? ['lost+found'] : [],
      );
    }
  });

  it('stay as links, and so do the folders that they lead to', () => {
    for (const [n, folder] of folders.entries()) {
      put('disk', String(n), 'old', 'data');
      rmSync(box.path(folder), { recursive: true });
      symlinkSync(box.path('disk', String(n)), box.path(folder));
    }
    expect(reset()).toMatchObject({ status: 0 });
    for (const [n, folder] of folders.entries()) {
      expect(lstatSync(box.path(folder)).isSymbolicLink(), folder).toBe(true);
      expect(readdirSync(box.path('disk', String(n))), folder).toEqual([]);
    }
  });

  it('may lead into each other', () => {
    rmSync(box.path('/var/lib/containerd'), { recursive: true });
    put('/var/lib/kubelet/runtime/images/data');
    symlinkSync(box.path('/var/lib/kubelet/runtime'), box.path('/var/lib/containerd'));
    expect(reset()).toMatchObject({ status: 0 });
    expect(readdirSync(box.path('/var/lib/kubelet'))).toEqual(['runtime']);
    expect(readdirSync(box.path('/var/lib/containerd'))).toEqual([]);
  });

  it('are not emptied if they are a link to a folder of the system', () => {
    rmSync(box.path('/var/lib/cni'), { recursive: true });
    symlinkSync('/mnt', box.path('/var/lib/cni'));
    const { status, output } = reset();
    expect([status, output]).toEqual([1, expect.stringContaining('is a link to /mnt, which has other data')]);
    expect(there('/var/lib/kubelet')).toBe(false);
  });

  it('lose the mounts of Pods and volumes, even where fstab names one below pods', () => {
    const pod = '/var/lib/kubelet/pods/uid/volumes/kubernetes.io~csi/a b/mount';
    box.write(box.path('/etc/fstab'), `# x\nnone ${box.path(pod).replaceAll(' ', '\\040')} ext4\n`);
    const all = [
      pod,
      '/var/lib/kubelet/plugins/x/globalmount',
      '/var/lib/containerd/tmpmounts/1',
      '/run/containerd/a',
      '/run/netns/cni-1',
    ];
    for (const path of all) mount(path);
    mount('/run/netns/mine');
    // The fake umount does not take what is below out of sight.
    run(unmountBelow(folders));
    expect(all.filter(mounted)).toEqual([]);
    expect(mounted('/run/netns/mine')).toBe(true);
  });

  it("keep the operator's mounts below: a local one is emptied, one of a network stays as it is", () => {
    const [local, unit, shared] = ['plugins', 'a b', 'nfs'].map((name) => `/var/lib/kubelet/x/${name}`);
    if (local === undefined || unit === undefined || shared === undefined) throw new Error('none');
    box.write(
      box.path('/etc/fstab'),
      `/dev/sdb1\t${box.path(local)}\text4\nUUID=1 ${box.path(unit).replace(' ', '\\040')} xfs defaults\nsrv:/x ${box.path(shared)} nfs`,
    );
    for (const path of [local, unit, shared]) mount(path);
    put('/var/lib/kubelet/x/other');
    const { status, output } = reset();
    expect(status, output).toBe(0);
    expect(output).toContain(`${box.path(shared)} is a network file system`);
    expect([local, unit, shared].filter(mounted)).toHaveLength(3);
    expect(readdirSync(box.path('/var/lib/kubelet/x')).sort()).toEqual(['a b', 'nfs', 'plugins']);
    expect([local, unit, shared].map((path) => readdirSync(box.path(path)))).toEqual([[], [], ['below']]);
  });

  it('are left as they are while something in them cannot be unmounted', () => {
    const volume = '/var/lib/kubelet/pods/busy/volumes/v';
    mount(volume);
    const { status, output } = run(unmountBelow(folders));
    expect([status, output]).toEqual([1, expect.stringContaining(`still mounted:\n${box.path(volume)}`)]);
    const removed = run(removeFolders(folders));
    expect([removed.status, removed.output]).toEqual([
      1,
      expect.stringContaining(`still mounted: ${box.path(volume)}`),
    ]);
    expect(there(join(volume, 'below'))).toBe(true);
  });
});
