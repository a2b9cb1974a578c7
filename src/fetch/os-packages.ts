import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Architecture } from '../catalog/data.ts';
import { packageSource, type PackageSource } from '../catalog/package-sources.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import { writeAtomic } from '../store/atomic.ts';
import { fileSha256 } from '../store/bundle.ts';
import { child } from '../transport/child.ts';
import type { Fetched } from './events.ts';
import { remedies } from './remedies.ts';

/** Packages of a distribution, for hosts of one architecture. */
export interface PackageRequest {
  /** `debian-12` */
  readonly system: string;
  readonly arch: Architecture;
  readonly names: readonly string[];
  /** Base URL that has `debian`, `debian-security` and `ubuntu` below it, instead of the distribution's hosts. */
  readonly mirror: string | undefined;
}

/**
 * Fetches packages with everything that they depend on, as if nothing was installed, into an archive that is a package source
 * for apt: packages, and their index. apt on this machine does it, with folders of its own: it verifies the signature of the
 * distribution's indexes, their age, and the checksums of packages. This machine's packages and sources do not count.
 * Throws KbootError E-USAGE if this machine has no apt or not the distribution's keys, E-FETCH, E-STATE.
 */
export async function fetchPackages(path: string, request: PackageRequest): Promise<Fetched> {
  const source = packageSource(request.system, request.arch);
  if (!existsSync(source.keyring.file))
    throw new KbootError(
      'E-USAGE',
      `${source.keyring.file}, the keys of ${source.title}, is not on this machine`,
      {
        remedy: remedies.keysOf({ package: source.keyring.package }),
      },
    );
  const work = await mkdtemp(join(tmpdir(), 'kboot-packages-'));
  try {
    const debs = await download(work, source, request);
    const bytes = await archiveOf(debs);
    if ((await fileSha256(path).catch(() => undefined)) === sha256(bytes)) return 'present';
    await writeAtomic(path, bytes, 0o644);
    return 'fetched';
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Returns the paths of the packages. */
async function download(
  work: string,
  source: PackageSource,
  request: PackageRequest,
): Promise<readonly string[]> {
  const { arch, names, mirror } = request;
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(work, folder), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(
    join(work, 'sources.list'),
    source.sources
      .map(([url, suite, components]) => {
        const at = mirror === undefined ? url : `${mirror.replace(/\/+$/, '')}${new URL(url).pathname}`;
        return `deb [signed-by=${source.keyring.file}] ${at} ${suite} ${components}\n`;
      })
      .join(''),
  );
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    ...{ 'Dir::Etc::sourceparts': '-', 'Dir::Etc::preferences': '-', 'Dir::Etc::preferencesparts': '-' },
    ...{ 'APT::Architecture': arch, 'APT::Architectures': arch, 'APT::Default-Release': '' },
    ...{ 'APT::Install-Recommends': 'false', 'APT::Update::Error-Mode': 'any' },
    // The user _apt cannot read the folder.
    ...{ 'APT::Sandbox::User': 'root', 'Acquire::Languages': 'none', 'Acquire::Retries': '2' },
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await apt(source, [...options, '-q', 'update']);
  await apt(source, [...options, '-q', '-y', '--download-only', 'install', ...names]);
  const folder = join(work, 'cache/archives');
  const found = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  return found.sort().map((name) => join(folder, name));
}

async function apt(source: PackageSource, words: readonly string[]): Promise<void> {
  const run = child(
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: '1800s' },
    { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  );
  const { exitCode, stderr } = await run`apt-get ${words}`;
  if (exitCode === 0) return;
  if (exitCode === 127)
    throw new KbootError('E-USAGE', `packages of ${source.title} need apt-get on this machine`, {
      remedy: remedies.aptHere,
    });
  const lines = stderr.split('\n').filter((line) => /^[EW]: /.test(line));
  throw new KbootError(
    'E-FETCH',
    `packages of ${source.title}: ${lines.at(-1)?.slice(3) ?? 'apt-get failed'}`,
    {
      detail: lines.slice(0, 8).join('\n'),
      remedy: remedies.packageSources,
    },
  );
}

/** A tar.gz with the packages and their index; the same packages make the same archive. */
async function archiveOf(debs: readonly string[]): Promise<Buffer> {
  const tar = pack();
  const index: string[] = [];
  const files: (readonly [name: string, bytes: Buffer])[] = [];
  for (const path of debs) {
    const bytes = await readFile(path);
    const run = child({ stdio: ['ignore', 'pipe', 'pipe'], timeout: '60s' });
    const { exitCode, stdout } = await run`dpkg-deb -f ${path}`;
    if (exitCode !== 0) throw new KbootError('E-FETCH', `${path} is not a package that dpkg-deb can read`);
    // apt writes the epoch of a version as `1%3a`, and reads it in a name otherwise.
    const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/%3a/gi, '.');
    index.push(`${stdout.trimEnd()}\nFilename: ./${name}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`);
    files.push([name, bytes]);
  }
  files.push(['Packages', Buffer.from(index.join('\n'))]);
  for (const [name, bytes] of files) tar.entry({ name, mtime: new Date(0) }, bytes);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks), { level: 1 });
}
