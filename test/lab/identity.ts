import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatewayOf } from './names.ts';
import type { LabHost } from './names.ts';
import { $ } from './shell.ts';

/** The files of a lab that a client needs. */
export interface LabFiles {
  readonly dir: string;
  readonly identityFile: string;
  readonly knownHosts: string;
}

export function labFiles(dir: string): LabFiles {
  return { dir, identityFile: join(dir, 'id_ecdsa'), knownHosts: join(dir, 'known_hosts') };
}

/** The random passwords of a lab's users. */
export interface LabPasswords {
  readonly opspw: string;
  readonly nosudo: string;
}

export function newPasswords(): LabPasswords {
  return { opspw: randomBytes(12).toString('hex'), nosudo: randomBytes(12).toString('hex') };
}

/** Makes the client key and every host's keys; writes known_hosts (addresses and names, both key types). */
export async function makeKeys(files: LabFiles, hosts: readonly LabHost[]): Promise<void> {
  await $`ssh-keygen -q -t ecdsa -N ${''} -C lab -f ${files.identityFile}`;
  const lines = await Promise.all(
    hosts.map(async ({ name, address }) => {
      const dir = hostKeyDir(files, name);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const publicKeys = [];
      for (const type of hostKeyTypes) {
        const key = join(dir, `ssh_host_${type}_key`);
        await $`ssh-keygen -q -t ${type} -N ${''} -C ${`root@${name}`} -f ${key}`;
        const [algorithm = '', base64 = ''] = (await readFile(`${key}.pub`, 'utf8')).split(' ');
        publicKeys.push(`${address},${name} ${algorithm} ${base64}\n`);
      }
      return publicKeys.join('');
    }),
  );
  await writeFile(files.knownHosts, lines.join(''));
}

/** Files that must be unique to each lab host; `root` is its root file system. */
export async function personalize(
  root: string,
  host: LabHost,
  lab: {
    readonly files: LabFiles;
    readonly hosts: readonly LabHost[];
    readonly shadow: ReadonlyMap<string, string>;
    readonly swapLine: boolean;
  },
): Promise<void> {
  const put = async (path: string, text: string, mode = 0o644): Promise<void> => {
    await writeFile(join(root, path), text, { mode });
    await chmod(join(root, path), mode);
  };
  await put('etc/hostname', `${host.name}\n`);
  await put('etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444);
  // Nothing listens there, so look-ups fail at once. Not 127.0.0.1: CoreDNS would detect a loop, and stop.
  await put('etc/resolv.conf', `nameserver ${gatewayOf(lab.hosts).ipv4}\n`);
  const names = lab.hosts
    .flatMap(({ name, address }) => address.split(',').map((each) => `${each} ${name}\n`))
    .join('');
  await put('etc/hosts', `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${names}`);
  for (const type of hostKeyTypes) {
    const key = `ssh_host_${type}_key`;
    const source = join(hostKeyDir(lab.files, host.name), key);
    await put(`etc/ssh/${key}`, await readFile(source, 'utf8'), 0o600);
    await put(`etc/ssh/${key}.pub`, await readFile(`${source}.pub`, 'utf8'));
  }
  const shadow = await readFile(join(root, 'etc/shadow'), 'utf8');
  const withPasswords = shadow.replace(/^([^:]+):[^:]*/gm, (line, user: string) => {
    const hash = lab.shadow.get(user);
    return hash === undefined ? line : `${user}:${hash}`;
  });
  await writeFile(join(root, 'etc/shadow'), withPasswords);
  if (lab.swapLine) {
    const fstab = join(root, 'etc/fstab');
    await writeFile(
      fstab,
      `${await readFile(fstab, 'utf8')}/var/swapfile none            swap    sw              0       0\n`,
    );
  }
  const authorized = await readFile(`${lab.files.identityFile}.pub`, 'utf8');
  const passwd = await readFile(join(root, 'etc/passwd'), 'utf8');
  for (const user of ['root', 'ops', 'opspw', 'nosudo']) {
    const fields = new RegExp(`^${user}:[^:]*:(\\d+):(\\d+):[^:]*:([^:]*):`, 'm').exec(passwd);
    if (fields === null) throw new Error(`the host image has no user ${user}`);
    const [uid, gid, home = ''] = [Number(fields[1]), Number(fields[2]), fields[3]];
    const dir = join(home, '.ssh');
    await mkdir(join(root, dir), { mode: 0o700, recursive: true });
    await put(join(dir, 'authorized_keys'), authorized, 0o600);
    for (const path of [dir, join(dir, 'authorized_keys')]) await chown(join(root, path), uid, gid);
  }
}

/** The password hashes for /etc/shadow. Passwords reach openssl by stdin only. */
export async function hashPasswords(passwords: LabPasswords): Promise<ReadonlyMap<string, string>> {
  const entries = Object.entries(passwords) as readonly [string, string][];
  const hashes = await $({
    input: `${entries.map(([, password]) => password).join('\n')}\n`,
  })`openssl passwd -6 -stdin`;
  const lines = hashes.stdout.trim().split('\n');
  return new Map(entries.map(([user], index) => [user, lines[index] ?? '!']));
}

const hostKeyTypes = ['ecdsa', 'ed25519'];

function hostKeyDir(files: LabFiles, host: string): string {
  return join(files.dir, 'host-keys', host);
}
