import { isAddress } from '../../foreign/addresses.ts';
import { settleNames } from '../../foreign/names.ts';
import { settleRoles } from '../../foreign/roles.ts';
import type { Foreign, ForeignHost, ForeignSsh } from '../../foreign/types.ts';
import { given } from '../../inventory/build-value.ts';
import type { Role } from '../../model/cluster.ts';
import { hostsOf } from '../init/answers.ts';
import type { StatedBastion } from '../init/ssh.ts';

/** What flags say about an inventory that is brought; they win over it. */
export interface Wishes {
  readonly name?: string | undefined;
  readonly kubernetesVersion?: string | undefined;
  /** `NAME`, `ADDRESS` or `NAME=ADDRESS`, of hosts that are brought or of others. */
  readonly controlPlanes: readonly string[];
  readonly workers: readonly string[];
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  readonly identityFile?: string | undefined;
  readonly bastion?: StatedBastion | undefined;
  /** An address, or `auto`. */
  readonly virtualIP?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Ranges, or `auto` alone. */
  readonly pools: readonly string[];
}

/** A host with everything that is decided without a look at it. */
export interface BroughtHost extends ForeignHost {
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Hosts with names, roles and logins, and what was guessed about them. Throws KbootError E-USAGE for a bad word of a flag. */
export function settleBrought(
  foreign: Foreign,
  wishes: Wishes,
): { readonly hosts: readonly BroughtHost[]; readonly guesses: readonly string[] } {
  const assigned = withWishes(foreign.hosts, wishes);
  const roles = settleRoles(assigned, hasEntry(foreign, wishes));
  const names = settleNames(roles.hosts.map(runsPods));
  return {
    hosts: names.hosts.map((host) => ({ ...host, ssh: loginOf(host, wishes) })),
    guesses: [...roles.guesses, ...names.guesses],
  };
}

/** Whether it is known how clients reach several API servers. */
export function hasEntry({ fields }: Foreign, { virtualIP, endpoint }: Wishes): boolean {
  return (
    virtualIP !== undefined ||
    endpoint !== undefined ||
    fields.some(({ path: [, first, second] }) =>
      first === 'loadBalancer' ? second === 'virtualIP' : first === 'controlPlaneEndpoint',
    )
  );
}

/** Hosts with the roles of --control-plane and --worker; words that no host has are hosts of their own. */
function withWishes(hosts: readonly ForeignHost[], wishes: Wishes): readonly ForeignHost[] {
  const named = [...hostsOf(wishes.controlPlanes, 'control-plane'), ...hostsOf(wishes.workers, 'worker')].map(
    ({ name, role, stated }, index) => {
      const word = [...wishes.controlPlanes, ...wishes.workers][index] ?? '';
      return { word, role, stated, name: word.includes('=') ? name : undefined };
    },
  );
  if (named.length === 0) return hosts;
  const isPlanes = wishes.controlPlanes.length > 0;
  const found = new Set<string>();
  const settled = hosts.map((host): ForeignHost => {
    const wish = named.find(({ stated }) => isHost(host, stated));
    if (wish === undefined)
      // Naming the control planes says that no other host is one.
      return isPlanes && host.roles?.includes('control-plane') !== false
        ? { ...host, roles: ['worker'] }
        : host;
    found.add(wish.word);
    return { ...host, roles: [wish.role], ...(wish.name !== undefined && { name: wish.name }) };
  });
  const others = named.filter(({ word }) => !found.has(word));
  return [
    ...settled,
    ...others.map(({ word, role, stated, name }): ForeignHost => ({
      at: { file: `--${role} ${word}`, line: 1, column: 1 },
      ...(name !== undefined && { name }),
      ...{ roles: [role], hints: [], isLocal: false, fields: [] },
      ...(stated.includes(',') && { address: stated }),
      ssh: { address: stated.split(',')[0]?.trim() ?? stated },
    })),
  ];
}

function isHost({ name, address = '', ssh }: ForeignHost, stated: string): boolean {
  return [name, ssh.address, ...address.split(',')].some(
    (each) => each?.toLowerCase() === stated.toLowerCase(),
  );
}

/** Without workers, the control planes run Pods too. */
function runsPods<H extends BroughtRoles>(host: H, _index: number, all: readonly H[]): H {
  const alone = !all.some(({ roles }) => roles.includes('worker'));
  return alone && host.roles.includes('control-plane')
    ? { ...host, roles: ['control-plane', 'worker'] }
    : host;
}

interface BroughtRoles {
  readonly roles: readonly Role[];
}

function loginOf({ ssh }: ForeignHost, { user, port, identityFile, bastion }: Wishes): ForeignSsh {
  return {
    ...ssh,
    ...(user !== undefined && { user }),
    ...(port !== undefined && { port }),
    ...(identityFile !== undefined && { identityFile }),
    ...(bastion !== undefined && {
      bastion: {
        ...given('user', user ?? ssh.user),
        ...given('identityFile', identityFile ?? ssh.identityFile),
        ...bastion,
      },
    }),
  };
}

/** The address of a node that is known without a look at the host; undefined: none. */
export function statedAddress({ address, ssh }: ForeignHost): string | undefined {
  if (address !== undefined) return address;
  return ssh.address !== undefined && isAddress(ssh.address) ? ssh.address : undefined;
}
