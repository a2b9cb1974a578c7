import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheDir } from './cache.ts';
import { downloadPackages } from './debian-packages.ts';
import { suite } from './recipe.ts';
import { $ } from './shell.ts';

/** The release of each package: containerd 2 and CNI plugins are only in sid; runc must match the hosts' libc. */
const releases = {
  containerd: 'sid',
  'containernetworking-plugins': 'sid',
  'etcd-server': 'sid',
  'etcd-client': 'sid',
  kubectl: 'sid',
  runc: suite,
} as const;

type DebianPackage = keyof typeof releases;

/** Changes if this file would make a different bundle from the same packages. */
const shape = '1';

/**
 * Makes a bundle in `dir` (absent or empty) from Debian's packages, laid out as interface.md says.
 * No kubelet, crictl or images: Debian has none. Cached; the first time takes about half a minute.
 */
export async function makeDebianBundle(dir: string): Promise<void> {
  const key = createHash('sha256')
    .update(JSON.stringify([shape, releases]))
    .digest('hex')
    .slice(0, 12);
  const cached = join(await cacheDir(), `debian-bundle-${key}`);
  if (!existsSync(cached)) {
    const work = await mkdtemp(join(await cacheDir(), 'build-'));
    try {
      await assemble(await unpackPackages(work), join(work, 'bundle'));
      await rename(join(work, 'bundle'), cached).catch((error: unknown) => {
        if (!existsSync(cached)) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
  await cp(cached, dir, { recursive: true });
}

interface Unpacked {
  readonly root: string;
  /** Upstream's version, without Debian's additions. */
  readonly version: string;
}

async function unpackPackages(work: string): Promise<Readonly<Record<DebianPackage, Unpacked>>> {
  const debs = await downloadPackages(work, releases);
  const unpacked = new Map<string, Unpacked>();
  for (const deb of await readdir(debs)) {
    const path = join(debs, deb);
    const [name = '', version = ''] = (
      await $`dpkg-deb -W --showformat ${'${Package} ${Version}'} ${path}`
    ).stdout.split(' ');
    const root = join(work, 'root', name);
    await mkdir(root, { recursive: true });
    await $`dpkg-deb -x ${path} ${root}`;
    unpacked.set(name, { root, version: version.replace(/^\d+:/, '').replace(/[+~-].*$/, '') });
  }
  const get = (name: DebianPackage): Unpacked => {
    const found = unpacked.get(name);
    if (found === undefined) throw new Error(`apt gave no ${name}`);
    return found;
  };
  return {
    containerd: get('containerd'),
    'containernetworking-plugins': get('containernetworking-plugins'),
    'etcd-server': get('etcd-server'),
    'etcd-client': get('etcd-client'),
    kubectl: get('kubectl'),
    runc: get('runc'),
  };
}

/** Packs the contents of Debian's packages like upstream's releases. */
async function assemble(packages: Readonly<Record<DebianPackage, Unpacked>>, out: string): Promise<void> {
  const archives = join(out, 'archives/linux-amd64');
  const bin = join(out, 'bin/linux-amd64');
  for (const folder of [archives, bin]) await mkdir(folder, { recursive: true });
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];

  const { containerd, runc, kubectl } = packages;
  const containerdArchive = join(archives, `containerd-${containerd.version}-linux-amd64.tar.gz`);
  const programs = ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => `bin/${name}`);
  await $`tar ${reproducible} -C ${join(containerd.root, 'usr')} -czf ${containerdArchive} ${programs}`;

  const cni = packages['containernetworking-plugins'];
  const cniArchive = join(archives, `cni-plugins-linux-amd64-v${cni.version}.tgz`);
  await $`tar ${reproducible} -C ${join(cni.root, 'usr/lib/cni')} -czf ${cniArchive} .`;

  const [server, client] = [packages['etcd-server'], packages['etcd-client']];
  const etcdName = `etcd-v${server.version}-linux-amd64`;
  const etcd = join(server.root, etcdName);
  await mkdir(etcd);
  for (const [{ root }, name] of [
    [server, 'etcd'],
    [client, 'etcdctl'],
    [server, 'etcdutl'],
  ] as const) {
    await cp(join(root, 'usr/bin', name), join(etcd, name));
  }
  await $`tar ${reproducible} -C ${server.root} -czf ${join(archives, `${etcdName}.tar.gz`)} ${etcdName}`;

  await cp(join(runc.root, 'usr/sbin/runc'), join(bin, 'runc'));
  await cp(join(kubectl.root, 'usr/bin/kubectl'), join(bin, 'kubectl'));
  await writeIndex(out);
}

async function writeIndex(out: string): Promise<void> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)));
  const files = [];
  for (const path of paths.sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(out, path)), hash);
    files.push({ path, size: (await stat(join(out, path))).size, sha256: hash.digest('hex'), arch: 'amd64' });
  }
  const index = {
    apiVersion: 'kboot.dev/v1',
    kind: 'Bundle',
    kubernetesVersion: 'v1.36.2',
    files,
    images: [],
  };
  await writeFile(join(out, 'bundle.json'), `${JSON.stringify(index, null, 2)}\n`);
}
