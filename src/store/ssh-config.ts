import { KbootError } from '../model/error.ts';

/** What `vagrant ssh-config` says of one machine. */
export interface SshSettings {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Paths as they are written, absolute. */
  readonly identityFiles: readonly string[];
}

/** What leads elsewhere or elsehow than the other lines say; kboot does not follow it. */
const unsupported = ['include', 'proxycommand', 'proxyjump'];

/**
 * Reads the output of `vagrant ssh-config`: by machine, the settings, or E-VAGRANT for one that cannot be used.
 * Settings that only concern OpenSSH's output and its checking of host keys are passed over.
 */
export function parseSshConfig(text: string): ReadonlyMap<string, SshSettings | KbootError> {
  const sections = new Map<string, [string, string][]>();
  let lines: [string, string][] = [];
  for (const line of text.split('\n')) {
    const [, word, rest] = /^\s*([A-Za-z0-9]+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (word === undefined || rest === undefined) continue;
    const value = /^"(.*)"$/.exec(rest)?.[1] ?? rest;
    if (word.toLowerCase() !== 'host') lines.push([word.toLowerCase(), value]);
    else sections.set(value, (lines = []));
  }
  return new Map([...sections].map(([machine, settings]) => [machine, settingsOf(machine, settings)]));
}

function settingsOf(
  machine: string,
  lines: readonly (readonly [string, string])[],
): SshSettings | KbootError {
  const all = (key: string): string[] => lines.flatMap(([name, value]) => (name === key ? [value] : []));
  const [address] = all('hostname');
  const [user] = all('user');
  const port = Number(all('port')[0]);
  const [foreign] = lines.filter(([name]) => unsupported.includes(name));
  if (foreign !== undefined)
    return refused(
      machine,
      `"${foreign.join(' ')}"`,
      'kboot does not follow that; state ssh.address and the rest by hand.',
    );
  if (address === undefined || user === undefined || !Number.isInteger(port) || port < 1 || port > 65535)
    return refused(
      machine,
      'neither address, nor user, nor port that can be used',
      'Look at what `vagrant ssh-config` prints.',
    );
  return { address, port, user, identityFiles: all('identityfile') };
}

function refused(host: string, what: string, remedy: string): KbootError {
  return new KbootError('E-VAGRANT', `Vagrant's settings for SSH to ${host} have ${what}`, { host, remedy });
}
