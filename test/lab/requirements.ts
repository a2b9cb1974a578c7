import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs: Readonly<Record<string, string>> = {
  podman: 'podman',
  ip: 'iproute2',
  tc: 'iproute2',
  nft: 'nftables',
  mmdebstrap: 'mmdebstrap',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  openssl: 'openssl',
  perl: 'perl',
  sysctl: 'procps',
};

/** Missing requirements of a lab on this machine, one line each with the remedy; empty: none. */
export function missingForLab(): readonly string[] {
  const needed = existsSync('/sys/fs/cgroup/cgroup.controllers') ? programs : { ...programs, runc: 'runc' };
  const absent = Object.entries(needed).filter(([program]) => !inPath(program));
  const packages = [...new Set(absent.map(([, name]) => name))];
  return [
    ...(process.getuid?.() === 0
      ? []
      : ['The lab needs root: it makes network namespaces and boots systemd.']),
    ...(packages.length === 0
      ? []
      : [
          `The lab needs ${absent.map(([program]) => program).join(', ')}: apt-get install ${packages.join(' ')}`,
        ]),
  ];
}

function inPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return [...folders, '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
