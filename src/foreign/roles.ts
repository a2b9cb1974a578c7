import type { Role } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import type { ForeignHost } from './types.ts';

/** Words of names, groups and tags that say which role a machine has, in the tongue of many tools. */
const wordsOf: readonly (readonly [Role, ReadonlySet<string>])[] = [
  [
    'control-plane',
    new Set('controlplane control master masters cp controller controllers manager managers'.split(' ')),
  ],
  ['worker', new Set('worker workers node nodes agent agents compute minion minions'.split(' '))],
  ['etcd', new Set(['etcd', 'etcds'])],
  [
    'load-balancer',
    new Set(['loadbalancer', 'loadbalancers', 'lb', 'lbs', 'haproxy', 'keepalived', 'balancer']),
  ],
];

/** Words that name a host to jump through. */
const bastions = new Set(['bastion', 'bastions', 'jump', 'jumphost', 'jumpbox', 'jumpserver']);

/** `k8s-Control_Plane01.example.com` → controlplane; the words of the first label. */
function wordsIn(hint: string): readonly string[] {
  const [label = ''] = hint.replaceAll(/([a-z])([A-Z])/g, '$1-$2').split('.');
  return label
    .toLowerCase()
    .replaceAll(/control[-_ ]?planes?/g, '-controlplane-')
    .replaceAll(/load[-_ ]?balancers?/g, '-loadbalancer-')
    .replaceAll(/jump[-_ ]?(host|box|server)s?/g, '-jumphost-')
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

/** The role that a name, a group or a tag says; a control plane before a node, since both may be in one name. */
export function roleIn(hint: string): Role | undefined {
  const words = wordsIn(hint);
  return wordsOf.find(([, known]) => words.some((word) => known.has(word)))?.[0];
}

/** Whether a name, a group or a tag says that a machine is a host to jump through. */
export function isBastion(hint: string): boolean {
  return wordsIn(hint).some((word) => bastions.has(word));
}

/** A host with its roles. */
export interface SettledRoles {
  readonly hosts: readonly (ForeignHost & { readonly roles: readonly Role[] })[];
  readonly guesses: readonly string[];
}

/**
 * Every host with roles: those that were stated, else those that its names and tags say, else the first host (the first
 * three, if there is an address in front of several API servers) is a control plane and the others are workers.
 */
export function settleRoles(hosts: readonly ForeignHost[], hasEntry: boolean): SettledRoles {
  const stated = hosts.some(({ roles }) => roles?.includes('control-plane') === true);
  if (stated) {
    const left = hosts.filter(({ roles }) => roles === undefined);
    return {
      hosts: hosts.map((host) => ({ ...host, roles: host.roles ?? ['worker'] })),
      guesses:
        left.length === 0
          ? []
          : [`${listed(left)}: worker, since nothing says which role ${isOrAre(left)} for`],
    };
  }
  const guessed = hosts.map((host) => {
    if (host.roles !== undefined) return host;
    const found = host.hints.flatMap((hint) => roleIn(hint) ?? []);
    const [role] = found;
    return role === undefined ? host : { ...host, roles: [role] };
  });
  const byName = guessed.filter((host, index) => host.roles !== hosts[index]?.roles);
  if (guessed.some(({ roles }) => roles?.includes('control-plane') === true)) {
    const planes = byName.filter(({ roles }) => roles?.includes('control-plane') === true);
    const others = guessed.filter(({ roles }) => roles === undefined);
    return {
      hosts: guessed.map((host) => ({ ...host, roles: host.roles ?? ['worker'] })),
      guesses: [
        `roles are guessed from names: ${listed(planes)} ${planes.length === 1 ? 'is a control plane' : 'are control planes'}`,
        ...(others.length === 0 ? [] : [`${listed(others)}: worker, since the name says nothing`]),
      ],
    };
  }
  if (hosts.length === 0) return { hosts: [], guesses: [] };
  const free = hosts.filter(({ roles }) => roles === undefined || roles.includes('worker'));
  const count = hasEntry && free.length >= 3 ? 3 : 1;
  const planes = new Set(free.slice(0, count));
  return {
    hosts: hosts.map((host) => ({
      ...host,
      roles: planes.has(host) ? ['control-plane'] : (host.roles ?? ['worker']),
    })),
    guesses: [
      `nothing says which role a host has: the first ${count === 1 ? 'is the control plane' : 'three are control planes'} (${listed([...planes])})${
        hosts.length > count ? ', the others are workers' : ''
      }; --control-plane names others`,
    ],
  };
}

function isOrAre(hosts: readonly unknown[]): string {
  return hosts.length === 1 ? 'it is' : 'they are';
}

/** Hosts by name or address. */
export function listed(hosts: readonly ForeignHost[]): string {
  return few(
    hosts.map(({ name, address, ssh }) => name ?? ssh.address ?? address ?? 'a host'),
    5,
  );
}
