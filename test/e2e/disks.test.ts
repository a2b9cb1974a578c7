import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, readiness, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

/*
 * A whole cluster on disks of the operator's, through up, reset, a boot, and up again.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.44.11' },
];
const folders = ['/var/lib/kubelet', '/var/lib/containerd'];
const disks = folders
  .map((folder) => {
    const image = `/var/${folder.replaceAll('/', '-')}.img`;
    return `truncate -s 3G ${image}; mkfs.ext4 -qF ${image}; mkdir -p ${folder}; echo "${image} ${folder} ext4 loop 0 2" >> /etc/fstab; mount ${folder}`;
  })
  .join('; ');

let site: ClusterSite;
const mounted = (): Promise<string> =>
  output(site.lab, 'cp-1', `for f in ${folders.join(' ')}; do findmnt -no FSTYPE $f || echo none; done`);

describe.skipIf(!hasClusterBundle)(`disks of the operator's${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('disks', hosts);
    await output(site.lab, 'cp-1', disks);
  });

  afterAll(() => site.close());

  test('a cluster runs on them', async () => {
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await mounted()).toBe('ext4\next4');
    expect(await output(site.lab, 'cp-1', 'ls /var/lib/kubelet/pki | wc -l')).not.toBe('0');
  });

  test('a reset keeps them mounted, and empties them', async () => {
    const result = await site.kboot('reset', ['--yes']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await mounted()).toBe('ext4\next4');
    for (const folder of folders)
      expect(await output(site.lab, 'cp-1', `ls -A ${folder}`), folder).toBe('lost+found');
  });

  test('after a boot nothing of the old cluster is there, and a new one runs on them', async () => {
    await site.lab.kill('cp-1');
    await site.lab.boot('cp-1');
    await output(site.lab, 'cp-1', 'mount -a');
    expect(await output(site.lab, 'cp-1', 'ls -A /var/lib/kubelet')).toBe('lost+found');
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(await mounted()).toBe('ext4\next4');
    expect(await readiness(site, ['nodes'])).toEqual(['cp-1 Ready']);
  });
});
