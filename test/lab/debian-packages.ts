import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineAptOptions, machineSources } from './apt.ts';
import type { Lab } from './lab.ts';
import { suite } from './recipe.ts';
import { $ } from './shell.ts';
import { output } from './traces.ts';

/**
 * Downloads packages, by name from a release of Debian, from the machine's mirror. Returns the folder of the .deb
 * files; `work` keeps the rest.
 */
export async function downloadPackages(
  work: string,
  releases: Readonly<Record<string, string>>,
): Promise<string> {
  const apt = await ownApt(work, Object.values(releases), '');
  await apt`apt-get -q download ${Object.entries(releases).map(([name, release]) => `${name}/${release}`)}`;
  return join(work, 'debs');
}

/** An apt with state, cache and sources in `work`, with the installed packages of `status` (dpkg's file). */
async function ownApt(work: string, releases: readonly string[], status: string): Promise<typeof $> {
  const config = join(work, 'apt.conf');
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'debs']) {
    await mkdir(join(work, folder), { recursive: true });
  }
  const mirror = (await machineSources(suite)).find(({ release }) => release === suite)?.uri ?? '';
  const signedBy = '[arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const sources = [...new Set(releases)].map((name) => `deb ${signedBy} ${mirror} ${name} main\n`);
  await writeFile(join(work, 'sources.list'), sources.join(''));
  await writeFile(join(work, 'status'), status);
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::parts': '-',
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
  };
  const own = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  await writeFile(config, [...own, ...(await machineAptOptions())].join('\n') + '\n');
  const apt = $({ cwd: join(work, 'debs'), env: { ...process.env, APT_CONFIG: config } });
  await apt`apt-get -q update`;
  return apt;
}

/** Installs packages on a host, with their dependencies. */
export async function bringPackages(lab: Lab, host: string, names: readonly string[]): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'kboot-debs-'));
  try {
    const apt = await ownApt(work, [suite], await output(lab, host, 'cat /var/lib/dpkg/status'));
    await apt`apt-get -q -y --no-install-recommends --download-only install ${names}`;
    const { stdout } =
      await $`tar -C ${join(work, 'cache/archives')} --exclude=partial --exclude=lock -c . | base64`;
    await lab.ssh(host, 'mkdir -p /srv/brought && base64 -d | tar -C /srv/brought -x', { input: stdout });
    await output(
      lab,
      host,
      'cd /srv/brought && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ./*.deb && rm -rf /srv/brought',
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Removes packages from a host, and configures its apt with a source that has only these. */
export async function offerPackages(lab: Lab, host: string, names: readonly string[]): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'kboot-debs-'));
  try {
    const debs = await downloadPackages(work, Object.fromEntries(names.map((name) => [name, suite])));
    const index: string[] = [];
    for (const deb of await readdir(debs)) {
      const bytes = await readFile(join(debs, deb));
      const control = (await $`dpkg-deb -f ${join(debs, deb)}`).stdout.trimEnd();
      const sum = createHash('sha256').update(bytes).digest('hex');
      index.push(`${control}\nFilename: ./${deb}\nSize: ${bytes.length}\nSHA256: ${sum}\n`);
    }
    await writeFile(join(debs, 'Packages'), index.join('\n'));
    const { stdout } = await $`tar -C ${debs} -c . | base64`;
    await lab.ssh(host, 'mkdir /srv/debs && base64 -d | tar -C /srv/debs -x', { input: stdout });
    await output(
      lab,
      host,
      `rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/srv/debs ./' > /etc/apt/sources.list
DEBIAN_FRONTEND=noninteractive apt-get purge -y -q ${names.join(' ')}`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
