import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineAptOptions, machineSources } from './apt.ts';
import { cacheDir } from './cache.ts';
import { customize, packages, recipeDigest, suite } from './recipe.ts';
import { $, attempt } from './shell.ts';

/**
 * The name of the host image in podman's storage; creates it if the recipe has changed.
 * About a minute the first time, nothing later. `say` is called before slow operations.
 */
export async function ensureImage(say: (line: string) => void): Promise<string> {
  const image = `localhost/kboot-lab:${recipeDigest()}`;
  if ((await attempt`podman image exists ${image}`).exitCode === 0) return image;
  const rootfs = await ensureRootfs(say);
  say('importing the host image');
  const changes = ['--change', 'CMD ["/sbin/init"]', '--change', 'STOPSIGNAL SIGRTMIN+3'];
  await $`podman import ${changes} ${rootfs} ${image}`;
  return image;
}

async function ensureRootfs(say: (line: string) => void): Promise<string> {
  const cache = await cacheDir();
  const rootfs = join(cache, `rootfs-${recipeDigest()}.tar`);
  if (existsSync(rootfs)) return rootfs;
  say(`making the host image (Debian ${suite}; about a minute, once)`);
  const dir = await mkdtemp(join(cache, 'build-'));
  try {
    const hook = join(dir, 'customize');
    await writeFile(hook, `#!/bin/sh\n${customize}`, { mode: 0o755 });
    const sources = (await machineSources(suite)).map(({ uri, release }) => `deb ${uri} ${release} main`);
    const options = (await machineAptOptions()).flatMap((option) => ['--aptopt', option]);
    const lean = ['doc', 'man', 'locale', 'info'].flatMap((name) => [
      '--dpkgopt',
      `path-exclude=/usr/share/${name}/*`,
    ]);
    const made = join(dir, 'rootfs.tar');
    await $`mmdebstrap --variant=minbase --include=${packages.join(',')} ${options} ${lean} --customize-hook=${hook} ${suite} ${made} ${sources}`;
    await rename(made, rootfs);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return rootfs;
}
