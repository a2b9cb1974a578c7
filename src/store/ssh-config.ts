import { KbootError } from '../model/error.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** The settings of `vagrant ssh-config` for one machine. */
export interface SshSettings {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths, as given. */
  readonly identityFiles: readonly string[];
}

/** Settings that change the route or the method of the connection; kboot does not support them. */
const unsupported = ['include', 'proxycommand', 'proxyjump'];

/**
 * Reads the output of `vagrant ssh-config`: by machine, the settings, or E-VAGRANT for one that cannot be used.
 * Settings that only concern OpenSSH's output and its host key checking are ignored.
 */
export function parseSshConfig(text: string): ReadonlyMap<string, SshSettings | KbootError> {
  const sections = new Map<string, [string, string][]>();
  let lines: [string, string][] = [];
  for (const line of text.split('\n')) {
    const [, word, rest] = /^([A-Za-z0-9]+)\s([\s\S]+)$/.exec(line.trim()) ?? [];
    if (word === undefined || rest === undefined) continue;
    const value = /^"(.*)"$/.exec(rest.trim())?.[1] ?? rest.trim();
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
  if (foreign !== undefined) return refused(machine, `"${foreign.join(' ')}"`, remedies.plainSsh);
  if (address === undefined || user === undefined || !Number.isInteger(port) || port < 1 || port > 65535)
    return refused(machine, 'no usable address, user or port', remedies.checkSshConfig);
  return { address, port, user, identityFiles: all('identityfile') };
}

function refused(host: string, what: string, remedy: Text): KbootError {
  return new KbootError('E-VAGRANT', `Vagrant's settings for SSH to ${host} have ${what}`, { host, remedy });
}
