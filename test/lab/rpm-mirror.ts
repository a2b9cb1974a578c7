import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { $ } from './shell.ts';
import { output } from './traces.ts';

/** A mirror of Rocky Linux 9 in a folder, and the key that signs its packages. */
export interface RpmMirror {
  readonly url: string;
  readonly key: Buffer;
  /** Takes the signature off a package. */
  unsign(name: string): Promise<void>;
}

/**
 * Makes a mirror in the empty folder `work` from the packages of a host that makeRockyLike made, with what Rocky has besides:
 * chrony with a package that it depends on, and openssl. The key is made here, too.
 */
export async function makeRpmMirror(lab: Lab, host: string, work: string): Promise<RpmMirror> {
  const [base, app] = ['BaseOS', 'AppStream'].map((name) =>
    join(work, 'mirror/rocky/9', name, 'x86_64/os/Packages'),
  ) as [string, string];
  const home = join(work, 'gpg');
  for (const folder of [base, app, join(work, 'rpm')]) await mkdir(folder, { recursive: true });
  await mkdir(home, { mode: 0o700 });
  const gpg = $({ env: { ...process.env, GNUPGHOME: home, GPG_TTY: '' } });
  await gpg`gpg --batch --passphrase ${''} --quick-generate-key kboot-test rsa2048 sign never`;
  const key = Buffer.from((await gpg`gpg --armor --export kboot-test`).stdout);

  const tar = await output(lab, host, 'tar -C /srv/repository --exclude=repodata -c . | base64');
  await $({ input: tar })`base64 -d | tar -C ${base} -x`;
  await build(work, 'chrony', ['Requires: libseccomp-stub']);
  await build(work, 'libseccomp-stub', []);
  await build(work, 'openssl', []);
  await $`cp -r ${join(work, 'rpm/RPMS/x86_64')}/. ${app}`;
  await $`sh -c ${`mv ${base}/haproxy-* ${base}/keepalived-* ${app}`}`;
  const signing = ['--define', '__gpg /usr/bin/gpg', '--define', '_gpg_name kboot-test'];
  await gpg`rpmsign ${[...signing, '--addsign']} ${await packagesIn(base, app)}`;
  const index = async () => {
    for (const folder of [base, app]) await $`createrepo_c --quiet ${join(folder, '..')}`;
  };
  await index();
  return {
    url: `file://${join(work, 'mirror')}`,
    key,
    async unsign(name) {
      const files = (await packagesIn(base, app)).filter((path) => path.includes(`/${name}-`));
      await gpg`rpmsign --delsign ${files}`;
      await index();
    },
  };
}

async function packagesIn(...folders: readonly string[]): Promise<readonly string[]> {
  return (await $`find ${folders} -name *.rpm`).stdout.trim().split('\n').sort();
}

/** Builds a package with one file. */
async function build(work: string, name: string, lines: readonly string[]): Promise<void> {
  const spec = join(work, 'rpm', `${name}.spec`);
  const head = ['Version: 4.3', 'Release: 1.el9', 'License: none', 'BuildArch: x86_64', 'AutoReqProv: no'];
  const install = `mkdir -p %{buildroot}/opt/${name} && touch %{buildroot}/opt/${name}/file`;
  const body = ['%description', name, '%install', install, '%files', `/opt/${name}/file`];
  const text = [`Name: ${name}`, `Summary: ${name}`, ...head, ...lines, ...body];
  await writeFile(spec, text.join('\n') + '\n');
  await $`rpmbuild -bb --quiet --define ${`_topdir ${join(work, 'rpm')}`} ${spec}`;
}
