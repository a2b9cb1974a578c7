import { homedir } from 'node:os';
import { dirname, relative, resolve, sep } from 'node:path';
import { isProblem, parsePair, parseUnicast } from '../../inventory/address.ts';
import { KbootError } from '../../model/error.ts';
import type { NewHost } from '../../view/new-inventory.ts';
import { natAddress } from './propose.ts';
import type { StatedSsh } from './ssh.ts';

/** A machine as it was named: `cp-1=10.0.0.11`. */
export interface StatedHost {
  readonly name: string;
  readonly role: NewHost['role'];
  /** Where SSH goes: an address, "v4,v6", or a DNS name. */
  readonly stated: string;
}

/** `auto`: what a look at the hosts proposes. */
export const auto = 'auto';

/** All that `kboot init` was told; undefined is what was not. */
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
 * Throws KbootError E-USAGE for a word with nothing on one side of its `=`, or with a comma that does not stand
 * between one address of each family.
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
        `"${word}" names no host; write NAME=ADDRESS, such as ${prefix}-1=10.0.0.11`,
      );
    const pair = parsePair(stated, parseUnicast);
    if (stated.includes(',') && isProblem(pair))
      throw new KbootError(
        'E-USAGE',
        `The address of ${name} ${pair.problem}; a comma stands between the IPv4 and the IPv6 address of one host.`,
      );
    return { name, role, stated };
  });
}

/** Where SSH goes: the first of two addresses. */
export function firstAddress(stated: string): string {
  return stated.split(',')[0]?.trim() ?? stated;
}

/** A key file as the inventory names it: under `~`, or from the inventory's folder, where it was relative to this one. */
export function identityIn(file: string, identityFile: string): string {
  if (identityFile.startsWith('~')) return identityFile;
  const path = resolve(identityFile);
  const home = homedir() + sep;
  if (path.startsWith(home)) return `~/${path.slice(home.length)}`;
  return identityFile.startsWith(sep) ? identityFile : relative(resolve(dirname(file)), path);
}

export const planesOf = (hosts: readonly StatedHost[]): readonly StatedHost[] =>
  hosts.filter(({ role }) => role === 'control-plane');

/** Whether a stated address can be a node's. */
export function isNodeAddress(stated: string): boolean {
  return !isProblem(parsePair(stated, parseUnicast)) && stated !== natAddress;
}

/** Throws KbootError E-USAGE with everything that is needed and was not said. */
export function refuseMissing(answers: Answers): void {
  const { hosts, virtualIP, endpoint, look } = answers;
  const planes = planesOf(hosts);
  const missing = [
    ...(answers.name === undefined ? ['--name NAME, the name of the cluster'] : []),
    ...(planes.length === 0 ? ['--control-plane NAME=ADDRESS, once for each'] : []),
    ...(planes.length > 1 && virtualIP === undefined && endpoint === undefined
      ? [
          '--virtual-ip ADDRESS, a free one in their network (auto: what --look finds), or --endpoint HOST:PORT of a load balancer of yours: there are several control planes',
        ]
      : []),
    ...(look ? [] : hosts.filter(({ stated }) => !isNodeAddress(stated)).map(withoutAddress)),
    ...(!look && virtualIP === auto ? ['--look, for --virtual-ip auto'] : []),
    ...(!look && answers.pools.includes(auto) ? ['--look, for --pool auto'] : []),
  ];
  if (missing.length === 0) return;
  throw new KbootError(
    'E-USAGE',
    `${missing.length} ${missing.length === 1 ? 'thing is' : 'things are'} missing, and nobody is asked here; nothing was written.`,
    {
      detail: missing.join('\n'),
      remedy: 'Add it to the command line, or run `kboot init` on a terminal, where it asks.',
    },
  );
}

function withoutAddress({ name, stated }: StatedHost): string {
  return stated === natAddress
    ? `another address of ${name}: every Vagrant machine has ${natAddress}; give the one of its private network`
    : `an IP address of ${name}, which a node needs (${stated} is none that others can reach), or --look, which finds it`;
}
