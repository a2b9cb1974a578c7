import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';

/** State of the fake Vagrant. */
export interface FakeVagrant {
  /** The folder of its Vagrantfile. */
  readonly dir: string;
  /** Machines and their state, as of the next call. */
  set(machines: Readonly<Record<string, FakeMachine>>): void;
  /** The command lines that it was called with, each with the value of KBOOT_INVENTORY. */
  calls(): readonly string[];
  /** Its environment in the last call. */
  environment(): string;
}

interface FakeMachine {
  readonly state: string;
  readonly port?: number;
  readonly identityFile?: string;
  /** The machine's ID in Vagrant's own folder. */
  readonly id?: string;
}

/**
 * Puts a program `vagrant` first in PATH, until `vi.unstubAllEnvs()`. It prints the output of Vagrant 2.3.4: the
 * sections of `ssh-config` up to the first machine that is not running, then an error; the lines of `status`.
 */
export function fakeVagrant(): FakeVagrant {
  const root = mkdtempSync(join(tmpdir(), 'kboot-vagrant-'));
  const [bin, dir, data] = ['bin', 'machines', 'data'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [bin, dir, data]) mkdirSync(folder);
  const program = join(bin, 'vagrant');
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
  vi.stubEnv('FAKE_VAGRANT_DATA', data);
  vi.stubEnv('VAGRANT_DOTFILE_PATH', undefined);
  return {
    dir,
    set(machines) {
      writeFileSync(
        join(data, 'machines'),
        Object.keys(machines)
          .map((name) => `${name}\n`)
          .join(''),
      );
      for (const [name, { state, port, identityFile, id }] of Object.entries(machines)) {
        writeFileSync(join(data, `${name}.state`), state);
        writeFileSync(join(data, `${name}.config`), section(name, port ?? 22, identityFile ?? '/none'));
        const own = join(dir, '.vagrant/machines', name, 'virtualbox');
        mkdirSync(own, { recursive: true });
        writeFileSync(join(own, 'id'), id ?? '');
      }
    },
    calls: () => {
      const log = join(data, 'calls');
      return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    },
    environment: () => readFileSync(join(data, 'environment'), 'utf8'),
  };
}

const section = (name: string, port: number, identityFile: string): string => `Host ${name}
  HostName 127.0.0.1
  User vagrant
  Port ${port}
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile ${identityFile}
  IdentitiesOnly yes
  LogLevel FATAL

`;

const script = `#!/bin/sh
cd "$FAKE_VAGRANT_DATA" || exit 9
env >environment
echo "$* | $KBOOT_INVENTORY" >>calls
command=$1
shift
if [ -e broken ]; then cat broken >&2; exit 1; fi
case $command in
status)
  while read -r name; do
    printf '1795193216,%s,metadata,provider,virtualbox\\n' "$name"
    printf '1795193216,%s,state,%s\\n' "$name" "$(cat "$name.state")"
    printf '1795193216,%s,state-human-long,Do run%%!(VAGRANT_COMMA) if you may\\n' "$name"
  done <machines ;;
ssh-config)
  for name; do
    grep -qx "$name" machines || { echo "The machine with the name '$name' was not found configured for" >&2; exit 1; }
  done
  for name; do
    [ "$(cat "$name.state")" = running ] || { echo 'The provider for this Vagrant-managed machine is reporting' >&2; exit 1; }
    cat "$name.config"
  done ;;
esac
`;
