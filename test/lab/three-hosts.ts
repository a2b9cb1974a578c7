import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeDebianBundle } from './debian-bundle.ts';
import { makeSite } from './kboot.ts';
import type { Site, SiteHost } from './kboot.ts';
import { createLab } from './lab.ts';
import type { LabOptions } from './lab.ts';

/** One control plane and two workers in `network`.0/24. */
function threeHosts(network: string): readonly SiteHost[] {
  return [
    { name: 'cp-1', roles: ['control-plane'], address: `${network}.11` },
    { name: 'w-1', roles: ['worker'], address: `${network}.21` },
    { name: 'w-2', roles: ['worker'], address: `${network}.22` },
  ];
}

/** Three fresh hosts, w-1 with a swap line in its fstab, and a bundle of Debian's packages as KBOOT_BUNDLE. */
export function runtimeSite(name: string, network: string): Promise<Site> {
  const hosts = threeHosts(network);
  return debianSite(name, hosts, { hosts, swapLine: ['w-1'] });
}

/** A lab, an inventory of `hosts` in it, and a bundle of Debian's packages as KBOOT_BUNDLE. */
export async function debianSite(
  name: string,
  hosts: readonly SiteHost[],
  options: Omit<LabOptions, 'name'>,
): Promise<Site> {
  const bundle = join(await mkdtemp(join(tmpdir(), 'kboot-bundle-')), 'bundle');
  const [lab] = await Promise.all([createLab({ name, ...options }), makeDebianBundle(bundle)]);
  const site = await makeSite(lab, name, hosts, { KBOOT_BUNDLE: bundle });
  return {
    ...site,
    close: async () => {
      await site.close();
      await rm(dirname(bundle), { recursive: true, force: true });
    },
  };
}
