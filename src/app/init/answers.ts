import { homedir } from 'node:os';
import { dirname, relative, resolve, sep } from 'node:path';
import { isProblem, parsePair, parseUnicast } from '../../inventory/address.ts';
import { KbootError } from '../../model/error.ts';
import type { NewHost, NewSsh } from '../../view/new-inventory.ts';
import { natAddress } from './propose.ts';
import type { StatedSsh } from './ssh.ts';
import { remedies } from '../remedies.ts';

/** A machine as given by the user: `cp-1=10.0.0.11`. */
export interface StatedHost {
  readonly name: string;
  readonly role: NewHost['role'];
  /** SSH address: an IP address, "v4,v6", or a DNS name. */
  readonly stated: string;
  /** Node address, if it was stated apart. */
  readonly nodeAddress?: string;
  /** How SSH reaches it, where that differs from the others. */
  readonly ssh?: Partial<NewSsh>;
  /** It is the machine that runs kboot. */
  readonly isLocal?: boolean;
}

/** `auto`: to be proposed after a look at the hosts. */
export const auto = 'auto';

/** All answers given to `kboot init`; undefined: not given. */
export interface Answers extends StatedSsh {
  readonly name?: string | undefined;
  readonly hosts: readonly StatedHost[];
  /** An address, or `auto`. */
  readonly virtualIP?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Ranges, or `auto` alone. */
  readonly pools: readonly string[];
  readonly kubernetesVersion: string;
  readonly look: boolean;
}

/**
 * Hosts of one role from words such as `cp-1=10.0.0.11` or `10.0.0.11`; those without a name are numbered.
 * Throws KbootError E-USAGE for a word with an empty side of its `=`, or with a comma that does not separate one
 * address of each family.
 */
export function hostsOf(words: readonly string[], role: NewHost['role']): readonly StatedHost[] {
  const prefix = role === 'worker' ? 'w' : 'cp';
  return words.map((word, index) => {
    const at = word.indexOf('=');
    const [name, stated] =
      at < 0 ? [`${prefix}-${index + 1}`, word] : [word.slice(0, at), word.slice(at + 1)];
    if (name === '' || stated === '')
      throw new KbootError(
        'E-USAGE',
        `"${word}" is not a host; write NAME=ADDRESS, such as ${prefix}-1=10.0.0.11`,
      );
    const pair = parsePair(stated, parseUnicast);
    if (stated.includes(',') && isProblem(pair))
      throw new KbootError(
        'E-USAGE',
        `The address of ${name} ${pair.problem}; a comma separates the IPv4 and the IPv6 address of one host.`,
      );
    return { name, role, stated };
  });
}

/** The SSH address: the first of two addresses. */
export function firstAddress(stated: string): string {
  return stated.split(',')[0]?.trim() ?? stated;
}

/** A key file's path for the inventory: under `~`, or relative to the inventory's folder if it was given as a relative path. */
export function identityIn(file: string, identityFile: string): string {
  if (identityFile.startsWith('~')) return identityFile;
  const path = resolve(identityFile);
  const home = homedir() + sep;
  if (path.startsWith(home)) return `~/${path.slice(home.length)}`;
  return identityFile.startsWith(sep) ? identityFile : relative(resolve(dirname(file)), path);
}

export const planesOf = (hosts: readonly StatedHost[]): readonly StatedHost[] =>
  hosts.filter(({ role }) => role === 'control-plane');

/** Whether a given address can be a node's. */
export function isNodeAddress(stated: string): boolean {
  return !isProblem(parsePair(stated, parseUnicast)) && stated !== natAddress;
}

/**
 * Throws KbootError E-USAGE that lists every required answer that is missing. `hasEntry`: it is known how clients reach
 * several API servers, although no answer says it.
 */
export function refuseMissing(answers: Answers, hasEntry = false): void {
  const { hosts, virtualIP, endpoint, look } = answers;
  const planes = planesOf(hosts);
  const missing = [
    ...(answers.name === undefined ? ['--name NAME, the name of the cluster'] : []),
    ...(planes.length === 0 ? ['--control-plane NAME=ADDRESS, for each control plane'] : []),
    ...(planes.length > 1 && virtualIP === undefined && endpoint === undefined && !hasEntry
      ? [
          '--virtual-ip ADDRESS, unused and in their network (auto: found by --look), or --endpoint HOST:PORT of your own load balancer: there are several control planes',
        ]
      : []),
    ...(look
      ? []
      : hosts.filter(({ stated, nodeAddress = stated }) => !isNodeAddress(nodeAddress)).map(withoutAddress)),
    ...(!look && virtualIP === auto ? ['--look, for --virtual-ip auto'] : []),
    ...(!look && answers.pools.includes(auto) ? ['--look, for --pool auto'] : []),
  ];
  if (missing.length === 0) return;
  throw new KbootError(
    'E-USAGE',
    `${missing.length} ${missing.length === 1 ? 'thing is' : 'things are'} missing, and there are no prompts here; nothing was written.`,
    {
      detail: missing.join('\n'),
      remedy: remedies.addOrPrompt,
    },
  );
}

function withoutAddress({ name, stated, nodeAddress = stated }: StatedHost): string {
  return nodeAddress === natAddress
    ? `another address of ${name}: every Vagrant machine has ${natAddress}; use the address of its private network`
    : `an IP address of ${name}, which a node requires (${stated} is not one that other hosts can reach), or --look to find it`;
}
