import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DnfSource } from '../../catalog/package-sources.ts';
import { below } from '../../model/below.ts';
import { remedies } from '../remedies.ts';
import type { PackageRequest } from './request.ts';
import { runTool, type Tool } from './tool.ts';

/**
 * Makes a folder with packages for dnf, and their index in repodata/, and returns its path. Every package must be signed with
 * the distribution's key. `work` is an empty folder. Throws as fetchPackages does.
 */
export async function dnfRepository(
  work: string,
  source: DnfSource,
  { mirror, names, key }: PackageRequest,
): Promise<string> {
  const repository = join(work, 'repository');
  for (const folder of ['root', 'keys', 'repository']) await mkdir(join(work, folder));
  await writeFile(join(work, 'dnf.conf'), configuration(work, source, mirror));
  await writeFile(join(work, 'key.asc'), key ?? source.key());
  const tool: Tool = {
    title: source.title,
    without: remedies.dnfHere,
    // dnf-plugins-core has this command.
    lacks: (stderr) => /No such command: download/.test(stderr),
    reason: (line) => /^(?:[Ee]rror:|No package ).*\S/.exec(line)?.[0].replace(/^error: */i, ''),
    failed: remedies.packageSources,
  };
  await runTool(tool, 'dnf', [
    ...['--config', join(work, 'dnf.conf'), '--forcearch', source.machine, '--quiet'],
    ...['download', '--resolve', '--alldeps', '--destdir', repository, ...names],
  ]);
  await verify(tool, work, repository);
  for (const name of await readdir(repository)) await utimes(join(repository, name), 0, 0);
  await runTool(tool, 'createrepo_c', [
    ...['--quiet', '--no-database', '--simple-md-filenames', '--general-compress-type', 'gz'],
    // The same packages make the same index.
    ...['--revision', '0', '--set-timestamp-to-revision', repository],
  ]);
  return repository;
}

/** Of a dnf that has nothing installed, and no other repositories. Signatures are verified in one go, after the download. */
function configuration(work: string, source: DnfSource, mirror: string | undefined): string {
  const base = mirror === undefined ? source.url : below(mirror, source.folder);
  const repositories = source.repositories.map(
    (path, index) => `[kboot-${index}]\nname=${path}\nbaseurl=${base}/${path}/\ngpgcheck=0\n`,
  );
  return `[main]
installroot=${join(work, 'root')}
cachedir=${join(work, 'cache')}
logdir=${join(work, 'log')}
persistdir=${join(work, 'persist')}
reposdir=${join(work, 'none')}
module_platform_id=${source.platform}
install_weak_deps=0
skip_if_unavailable=0
${repositories.join('')}`;
}

/** A package without a signature counts as wrong (rpm's _pkgverify_level). Throws KbootError E-FETCH with the first such package. */
async function verify(tool: Tool, work: string, repository: string): Promise<void> {
  const keys = ['--dbpath', join(work, 'keys')];
  const strict: Tool = {
    ...tool,
    reason(line) {
      const wrong = /([^/\n]+\.rpm): .*NOT OK$/.exec(line)?.[1];
      return wrong === undefined ? tool.reason(line) : `${wrong} does not have a valid signature of the key`;
    },
    failed: remedies.packageKey,
  };
  await runTool(strict, 'rpmkeys', [...keys, '--import', join(work, 'key.asc')]);
  const packages = (await readdir(repository)).sort().map((name) => join(repository, name));
  await runTool(strict, 'rpmkeys', [...keys, '--define', '_pkgverify_level all', '--checksig', ...packages]);
}
