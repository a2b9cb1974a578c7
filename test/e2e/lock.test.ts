import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifacts } from '../../src/catalog/artifacts.ts';
import type { ImageDigests } from '../../src/catalog/release.ts';
import { release } from '../../src/catalog/release.ts';
import { lockText, type LockedRelease } from '../../src/catalog/release-lock.ts';
import { contentsOfRelease, pathInBundle } from '../../src/desire/bundle-contents.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';
import { compiledKboot, makeSite, stepLines, type KbootResult, type Site } from '../lab/kboot.ts';
import { createLab } from '../lab/lab.ts';
import { $ } from '../lab/shell.ts';
import { output } from '../lab/traces.ts';
import { hasClusterBundle, unlessSkipped } from './cluster.ts';

/*
 * Hosts are held to kboot.lock.yaml. A mirror and a registry in the lab have the files and images of the bundle; the
 * lock has their checksums and digests.
 */

const name = 'cp-1';
const gateway = '10.77.61.1';
const version = 'v1.36.2';
const until = ['--until', 'runtime'];
const bundle = process.env['KBOOT_BUNDLE'] ?? '';
const pause = 'registry.k8s.io/pause:3.10.2';
const coredns = 'registry.k8s.io/coredns/coredns:v1.14.2';

let site: Site;
let folder: string;
let mirror: ChildProcess;
let asked = '';
let locked: LockedRelease;

/** Unpacks the bundle's images for the registry; each gets an index, as multi-platform images have. */
async function prepare(): Promise<LockedRelease> {
  const own = release(version);
  const index = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as BundleIndex;
  const held = new Map(index.files.map(({ path, sha256: sum }) => [path, sum]));
  const amd64 = artifacts(own, 'amd64');
  const files = amd64.map((each) => [each.mirrorPath, join(bundle, pathInBundle(each))]);
  const tags: Record<string, string> = {};
  const digests: Record<string, ImageDigests> = {};
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  for (const ref of Object.values(contentsOfRelease(own, 'registry.k8s.io').images)) {
    const archive = index.images.find((image) => image.ref === ref);
    if (archive === undefined) throw new Error(`the bundle has no ${ref}`);
    await $`tar -C ${folder} -xf ${join(bundle, archive.path)}`;
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      manifests: { digest: string; size: number; mediaType: string }[];
    };
    const [manifest] = manifests;
    if (manifest === undefined) throw new Error(`${archive.path} has no manifest`);
    const { digest, size, mediaType } = manifest;
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType, digest, size, platform: { os: 'linux', architecture: 'amd64' } }],
    });
    writeFileSync(join(blobs, sha256(text)), text);
    digests[ref] = { digest: `sha256:${sha256(text)}`, amd64: digest };
    tags[ref.slice(ref.indexOf('/') + 1)] = `sha256:${sha256(text)}`;
  }
  writeFileSync(join(folder, 'files.json'), JSON.stringify(Object.fromEntries(files)));
  // Somebody has moved a tag in the registry.
  const moved = { ...tags, 'pause:3.10.2': tags['coredns/coredns:v1.14.2'] };
  writeFileSync(join(folder, 'tags.json'), JSON.stringify(moved));
  const sums = Object.fromEntries(amd64.map((each) => [each.name, held.get(pathInBundle(each))]));
  return { ...own, files: { ...own.files, amd64: sums as typeof own.files.amd64 }, locked: digests };
}

const lock = (change: Partial<LockedRelease> = {}): void => {
  writeFileSync(join(site.dir, 'kboot.lock.yaml'), lockText([{ ...locked, ...change }]));
};
const up = (rest: readonly string[] = []): Promise<KbootResult> =>
  site.kboot('up', [...until, '--yes', '-o', 'json', ...rest], { env: { KBOOT_ALLOW_UNOFFICIAL: '' } });
const digestOf = (ref: string): Promise<string> =>
  output(site.lab, name, `ctr -n k8s.io images list name==${ref} | tail -1 | tr -s ' ' | cut -d' ' -f3`);
/** Somebody gives the tag to another image. */
const retag = (): Promise<string> =>
  output(site.lab, name, `ctr -n k8s.io images tag --force ${coredns} ${pause}`);

describe.skipIf(!hasClusterBundle)(`hosts with a lock${unlessSkipped}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kboot-mirror-'));
    locked = await prepare();
    const lab = await createLab({ name: 'lock', hosts: [{ name, address: '10.77.61.11' }] });
    const url = `http://${gateway}:5000`;
    site = await makeSite(
      lab,
      'lock',
      [{ name, roles: ['control-plane'], address: '10.77.61.11' }],
      {},
      {
        artifacts: { mirror: url },
        containerd: {
          config: { plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } } },
          registries: [{ host: '_default', mirrors: [{ url, capabilities: ['pull', 'resolve'] }] }],
        },
      },
    );
    lock();
    const script = new URL('./mirror.ts', import.meta.url).pathname;
    const argv = [process.execPath, '--import', 'tsx', script, gateway, '5000', folder];
    const [file = '', ...args] = lab.inside(argv);
    mirror = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    mirror.stdout?.on('data', (bytes: Buffer) => (asked += bytes.toString()));
    if (mirror.stdout) await once(mirror.stdout, 'data');
  });

  afterAll(async () => {
    mirror.kill();
    await site.close();
    rmSync(folder, { recursive: true });
  });

  test('refuse a file that differs from it', async () => {
    const wrong = { ...locked.files.amd64, runc: '0'.repeat(64) };
    lock({ files: { ...locked.files, amd64: wrong } });
    const result = await up();
    lock();
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toContain('/usr/local/sbin/runc');
    expect(await output(site.lab, name, '[ -e /usr/local/sbin/runc ] || echo absent')).toBe('absent');
  });

  test('pull images by digest, whatever the tags of the registry lead to', async () => {
    const result = await up();
    expect(result, `${result.stderr}${result.stdout.slice(-3000)}`).toMatchObject({ exitCode: 0 });
    expect(asked).toContain(`/v2/pause/manifests/${locked.locked[pause]?.digest ?? ''}\n`);
    expect(asked).not.toContain('/v2/pause/manifests/3.10.2');
    expect(await digestOf(pause)).toBe(locked.locked[pause]?.digest);
    const images = await output(site.lab, name, 'crictl images');
    for (const ref of Object.keys(locked.locked).filter((each) => !each.includes('metallb')))
      expect(images.replaceAll(/ +/g, ':')).toContain(`${ref}:`);
    expect(stepLines(await up())).toEqual([]);
  });

  test('see a tag on another image as drift, and put it right', async () => {
    await retag();
    expect(await digestOf(pause)).toBe(locked.locked[coredns]?.digest);
    const drift = await site.kboot('drift', until);
    expect(drift.exitCode).toBe(2);
    expect(drift.stdout).toMatch(/~ image +registry\.k8s\.io\/pause:3\.10\.2 .*has another image/);
    const result = await up();
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(result)).toEqual([`${name} update image ${pause}`]);
    expect(await digestOf(pause)).toBe(locked.locked[pause]?.digest);
    expect((await site.kboot('drift', until)).exitCode).toBe(0);
  });

  test('are told a newer patch that it has, which is no drift', async () => {
    lock();
    const text = readFileSync(join(site.dir, 'kboot.lock.yaml'), 'utf8');
    const newer = { ...locked, kubernetesVersion: 'v1.36.9' };
    writeFileSync(join(site.dir, 'kboot.lock.yaml'), lockText([locked, newer]));
    const notice = 'v1.36.9 is in kboot.lock.yaml; set spec.kubernetesVersion to upgrade';
    const drift = await site.kboot('drift', until);
    expect(drift, drift.stdout).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(notice) as string,
    });
    expect((await site.kboot('status')).stdout).toContain(notice);
    writeFileSync(join(site.dir, 'kboot.lock.yaml'), text);
  });

  test('run a cluster with them: the kubelet finds images by their tags', async () => {
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    expect((await site.kboot('drift')).exitCode).toBe(0);
    expect(await output(site.lab, name, 'crictl ps -q | wc -l')).not.toBe('0');
  });

  test('take images from a bundle only if they are those of the lock', async () => {
    const own = join(folder, 'bundle');
    await $`cp -r ${bundle} ${own}`;
    // The lock does not have it: nothing but what it has needs no question.
    await $`rm -f ${join(own, 'images/linux-amd64/busybox.tar')}`;
    const index = JSON.parse(readFileSync(join(own, 'bundle.json'), 'utf8')) as BundleIndex;
    // As an older kboot wrote it.
    const images = index.images.map(({ ref, path, arch }) => ({ ref, path, arch }));
    const kept = <T extends { readonly path: string }>(list: readonly T[]): readonly T[] =>
      list.filter(({ path }) => !path.endsWith('/busybox.tar'));
    writeFileSync(
      join(own, 'bundle.json'),
      JSON.stringify({ ...index, files: kept(index.files), images: kept(images) }),
    );
    const without = await up(['--bundle', own]);
    expect(without.exitCode).toBe(3);
    expect(without.stdout).toContain('states no digest of');
    await $`${process.execPath} ${compiledKboot()} bundle index ${own}`;
    expect(await up(['--bundle', own])).toMatchObject({ exitCode: 0 });
    expect(await digestOf(pause)).toBe(locked.locked[pause]?.amd64);
    await retag();
    const repaired = await up(['--bundle', own]);
    expect(stepLines(repaired)).toEqual([`${name} update image ${pause}`]);
    expect(await digestOf(pause)).toBe(locked.locked[pause]?.amd64);
    const other = {
      ...locked.locked[pause],
      digest: `sha256:${'0'.repeat(64)}`,
      amd64: `sha256:${'1'.repeat(64)}`,
    };
    lock({ locked: { ...locked.locked, [pause]: other } });
    const refused = await up(['--bundle', own]);
    expect(refused.exitCode).toBe(3);
    expect(refused.stdout).toContain(
      `images/linux-amd64/pause.tar has digest ${locked.locked[pause]?.amd64 ?? ''} of ${pause}, but the lock has ${other.amd64}`,
    );
    expect(await up(['--bundle', own, '--allow-unofficial'])).toMatchObject({ exitCode: 0 });
    lock();
  });
});
