import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, createReadStream, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { compiledKboot } from '../../lab/kboot.ts';
import type { VersionBundle } from './bundles.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** A copy of a bundle in a temporary folder, with one broken part. */
export interface BrokenBundle extends VersionBundle {
  remove(): void;
}

/** The bundle with a kube-apiserver that prints `says` and exits. */
export async function withBrokenApiServer(bundle: VersionBundle, says: string): Promise<BrokenBundle> {
  return copyOf(bundle, async (dir) => {
    const images = join(dir, 'images', `linux-${architecture}`);
    const ref = `registry.k8s.io/kube-apiserver:${bundle.version}`;
    const script = `#!/bin/sh\necho "${says}" >&2\nexit 1\n`;
    const image = await imageWith(join(images, 'busybox.tar'), ref, 'usr/local/bin/kube-apiserver', script);
    replace(join(images, 'kube-apiserver.tar'), image);
  });
}

/** The bundle with a kubelet that tells its version, and otherwise prints `says` and exits. */
export function withBrokenKubelet(bundle: VersionBundle, says: string): Promise<BrokenBundle> {
  return copyOf(bundle, (dir) => {
    const path = join(dir, 'bin', `linux-${architecture}`, 'kubelet');
    const script = `#!/bin/sh\n[ "$1" = --version ] && exec echo "Kubernetes ${bundle.version}"\necho "${says}" >&2\nexit 1\n`;
    replace(path, Buffer.from(script));
    chmodSync(path, 0o755);
    return Promise.resolve();
  });
}

/** Hard links of a bundle's files: `change` must replace files, and not write into them. */
async function copyOf(bundle: VersionBundle, change: (dir: string) => Promise<void>): Promise<BrokenBundle> {
  // Hard links need the file system of the bundle.
  const dir = mkdtempSync(`${bundle.dir}-broken-`);
  const remove = (): void => {
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    execFileSync('cp', ['-al', `${bundle.dir}/.`, dir]);
    await change(dir);
    unlinkSync(join(dir, 'bundle.json'));
    execFileSync(process.execPath, [compiledKboot(), 'bundle', 'index', dir], { stdio: 'pipe' });
  } catch (error) {
    remove();
    throw error;
  }
  return { ...bundle, dir, remove };
}

function replace(path: string, content: Buffer): void {
  unlinkSync(path);
  writeFileSync(path, content);
}

/** A docker-archive of an image: the layers of the image in `base`, and one more with an executable file. */
async function imageWith(base: string, ref: string, path: string, script: string): Promise<Buffer> {
  const files = await unpacked(base);
  const manifest = JSON.parse(text(files, 'manifest.json')) as readonly {
    Config: string;
    Layers: readonly string[];
  }[];
  const [image] = manifest;
  if (image === undefined) throw new Error(`${base} has no image`);
  const below = image.Layers.map((layer) => {
    const content = files.get(layer);
    if (content === undefined) throw new Error(`${base} has no ${layer}`);
    return content[0] === 0x1f && content[1] === 0x8b ? gunzipSync(content) : content;
  });
  const layers = [...below, await packed([{ name: path, mode: 0o755, content: Buffer.from(script) }])];
  const config = JSON.parse(text(files, image.Config)) as { readonly config: object };
  const changed = {
    ...config,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: layers.map(() => ({ created_by: 'a test' })),
  };
  const names = layers.map((_, index) => `${index}/layer.tar`);
  return packed([
    { name: 'config.json', content: Buffer.from(JSON.stringify(changed)) },
    ...layers.map((content, index) => ({ name: names[index] ?? '', content })),
    {
      name: 'manifest.json',
      content: Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [ref], Layers: names }])),
    },
  ]);
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function text(files: ReadonlyMap<string, Buffer>, name: string): string {
  const content = files.get(name);
  if (content === undefined) throw new Error(`the archive has no ${name}`);
  return content.toString();
}

async function unpacked(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const extract = createReadStream(path).pipe(tar.extract());
  for await (const entry of extract) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    files.set(entry.header.name, Buffer.concat(parts));
  }
  return files;
}

interface Entry {
  readonly name: string;
  readonly content: Buffer;
  readonly mode?: number;
}

async function packed(entries: readonly Entry[]): Promise<Buffer> {
  const pack = tar.pack();
  const parts: Buffer[] = [];
  const collected = (async () => {
    for await (const part of pack) parts.push(part as Buffer);
  })();
  for (const { name, content, mode = 0o644 } of entries) pack.entry({ name, mode }, content);
  pack.finalize();
  await collected;
  return Buffer.concat(parts);
}
