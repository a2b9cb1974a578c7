import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AptSource } from '../../catalog/package-sources.ts';
import { below } from '../../model/below.ts';
import { sha256 } from '../../model/digest.ts';
import { KbootError } from '../../model/error.ts';
import { remedies } from '../remedies.ts';
import type { PackageRequest } from './request.ts';
import { runTool, type Tool } from './tool.ts';

/**
 * Makes a folder with packages for apt, and their index `Packages`, and returns its path. apt verifies the signature of the
 * distribution's indexes, their age, and the checksums of packages. `work` is an empty folder. Throws as fetchPackages does.
 */
export async function aptRepository(
  work: string,
  source: AptSource,
  request: PackageRequest,
): Promise<string> {
  const tool: Tool = {
    title: source.title,
    without: remedies.aptHere,
    reason: (line) => (/^[EW]: /.test(line) ? line.slice(3) : undefined),
    failed: remedies.packageSources,
  };
  const options = await settings(work, source, request);
  await runTool(tool, 'apt-get', [...options, '-q', 'update']);
  await runTool(tool, 'apt-get', [...options, '-q', '-y', '--download-only', 'install', ...request.names]);
  return await indexed(tool, join(work, 'cache/archives'), join(work, 'repository'));
}

/** Lays out what apt needs in `work`, and returns the options that make it use nothing else. */
async function settings(
  work: string,
  { title, sources, keyring }: AptSource,
  { arch, mirror, key }: PackageRequest,
): Promise<readonly string[]> {
  if (key === undefined && !existsSync(keyring.file))
    throw new KbootError('E-USAGE', `${keyring.file}, the keys of ${title}, is not on this machine`, {
      remedy: remedies.keysOf({ package: keyring.package }),
    });
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'repository'])
    await mkdir(join(work, folder), { recursive: true });
  const signedBy = key === undefined ? keyring.file : await fileOf(work, key);
  await writeFile(join(work, 'status'), '');
  await writeFile(
    join(work, 'sources.list'),
    sources
      .map(([url, suite, components]) => {
        const at = mirror === undefined ? url : below(mirror, new URL(url).pathname);
        return `deb [signed-by=${signedBy}] ${at} ${suite} ${components}\n`;
      })
      .join(''),
  );
  const values = {
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
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** apt tells keys with and without ASCII armor apart by the name of the file. */
async function fileOf(work: string, key: Buffer): Promise<string> {
  const file = join(work, key.includes('-----BEGIN PGP') ? 'key.asc' : 'key.gpg');
  await writeFile(file, key);
  return file;
}

/** Moves the packages in `found` to `repository`, and writes their index there. */
async function indexed(tool: Tool, found: string, repository: string): Promise<string> {
  const index: string[] = [];
  for (const name of (await readdir(found)).filter((each) => each.endsWith('.deb')).sort()) {
    const path = join(found, name);
    const control = await runTool(tool, 'dpkg-deb', ['-f', path]);
    const bytes = await readFile(path);
    // apt writes the epoch of a version as `1%3a`, and reads it in a name otherwise.
    const plain = name.replaceAll(/%3a/gi, '.');
    index.push(
      `${control.trimEnd()}\nFilename: ./${plain}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`,
    );
    await rename(path, join(repository, plain));
  }
  await writeFile(join(repository, 'Packages'), index.join('\n'));
  return repository;
}
