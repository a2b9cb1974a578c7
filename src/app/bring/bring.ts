import { basename } from 'node:path';
import { knownVersions } from '../../catalog/release.ts';
import { shownPath } from '../../foreign/outcome.ts';
import type { Foreign, ForeignField, SeenKey } from '../../foreign/types.ts';
import { given } from '../../inventory/build-value.ts';
import { defaults } from '../../inventory/defaults.ts';
import type { InventoryField } from '../../inventory/field.ts';
import { dnsLabel } from '../../inventory/fields.ts';
import type { Cluster } from '../../model/cluster.ts';
import { broughtInventoryText } from '../../view/brought-inventory.ts';
import type { Answers, StatedHost } from '../init/answers.ts';
import { inventoryOf, type SettledHost } from '../init/settle.ts';
import { checkedFields } from './checked.ts';
import { hostFields, otherFields, type PlacedHost, type RefusedField } from './fields.ts';
import { statedAddress, type BroughtHost, type Wishes } from './settle.ts';

/** An inventory that was made of what somebody has, ready to be written. */
export interface Brought {
  readonly text: string;
  readonly cluster: Cluster;
  readonly keys: readonly SeenKey[];
  readonly guesses: readonly string[];
  readonly warnings: readonly string[];
}

/** The hosts as `init` looks at them, and as it proposes addresses for them. */
export function statedHosts(hosts: readonly BroughtHost[]): readonly StatedHost[] {
  return hosts.map(({ name, roles, ssh, address, isLocal }) => {
    const stated = ssh.address ?? address ?? name;
    const { user, port, identityFile, bastion } = ssh;
    return {
      ...{ name, role: roles.includes('control-plane') ? 'control-plane' : 'worker', isLocal },
      stated: address?.includes(',') === true && address.split(',').includes(stated) ? address : stated,
      ...given('nodeAddress', address),
      ssh: {
        ...given('user', user),
        ...given('port', port),
        ...given('identityFile', identityFile),
        ...given('bastion', bastion && { ...bastion, user: bastion.user ?? user ?? defaults.sshUser }),
      },
    };
  });
}

/** What the inventory is called, if no flag says it; a guess if the source does not say it either. */
export function nameOf(
  foreign: Foreign,
  file: string,
): { readonly name: string; readonly guesses: readonly string[] } {
  if (foreign.name !== undefined && dnsLabel(foreign.name) === undefined)
    return { name: foreign.name, guesses: [] };
  const near = (foreign.name ?? basename(file).replace(/\.ya?ml$/, ''))
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  const name = dnsLabel(near) === undefined ? near : 'cluster';
  return { name, guesses: [`the cluster is called ${name}; --name calls it otherwise`] };
}

/**
 * The inventory of what was brought, with the answers that flags, prompts and a look gave. Throws KbootError E-USAGE if it
 * would not be valid.
 */
export function broughtInventory(
  brought: {
    readonly foreign: Foreign;
    readonly hosts: readonly BroughtHost[];
    readonly guesses: readonly string[];
    /** `hosts.ini, an Ansible inventory` */
    readonly from: string;
  },
  wishes: Wishes,
  answers: Answers,
  settled: readonly SettledHost[],
  file: string,
): Brought {
  const { foreign, hosts, from } = brought;
  const placed = hosts.map((host): PlacedHost => {
    const found = settled.find(({ name }) => name === host.name);
    return {
      ...host,
      address: found?.address ?? statedAddress(host) ?? '',
      ...given('seen', found?.seen),
    };
  });
  const made = inventoryOf(answers, settled);
  const entry = entryFields(foreign, answers);
  const version = foreign.fields.find(({ path }) => shownPath(path) === 'spec.kubernetesVersion');
  const core: readonly InventoryField[] = [
    { path: ['apiVersion'], value: 'kboot.dev/v1' },
    { path: ['kind'], value: 'Cluster' },
    { path: ['metadata', 'name'], value: made.name },
    {
      path: ['spec', 'kubernetesVersion'],
      value: wishes.kubernetesVersion ?? version?.value ?? knownVersions()[0] ?? '',
      ...(wishes.kubernetesVersion === undefined && version !== undefined && { why: whyOf(version) }),
    },
    ...entry,
    ...networkFields(made),
    ...(made.pools.length === 0
      ? []
      : [{ path: ['spec', 'metallb', 'pools'], value: [{ name: 'default', addresses: made.pools }] }]),
    ...hostFields(placed, file),
  ];
  const stated = [
    ...['metadata.name', 'spec.kubernetesVersion'],
    ...(wishes.pools.length > 0 ? ['spec.metallb.pools'] : []),
  ];
  const isEntry = ({ path }: ForeignField): boolean => entryPaths.includes(shownPath(path));
  const dropped = foreign.fields.filter(
    (field) => isEntry(field) && !entry.some(({ path }) => shownPath(path) === shownPath(field.path)),
  );
  const rest = foreign.fields.filter(
    (field) => field !== version && !isEntry(field) && !stated.includes(shownPath(field.path)),
  );
  const { others, refused } = otherFields(rest, hosts, stated);
  const checked = checkedFields(core, others, file);
  const byFlags = [
    ...(wishes.kubernetesVersion !== undefined && version !== undefined ? [version] : []),
    ...dropped,
    ...foreign.fields.filter(
      ({ path }) => wishes.pools.length > 0 && shownPath(path) === 'spec.metallb.pools',
    ),
  ];
  const keys = outcomes(
    foreign.keys,
    [...foreign.fields, ...hosts.flatMap(({ fields }) => fields)],
    [
      ...byFlags.map((field) => ({ field, why: 'a flag says it otherwise' })),
      ...refused,
      ...checked.refused.map(({ field, why }) => ({
        field,
        why: `the inventory would not be valid: ${why}`,
      })),
    ],
  );
  const { cluster, warnings } = checked;
  const { guesses } = brought;
  return {
    text: broughtInventoryText({ from, fields: checked.fields, keys, guesses }),
    ...{ cluster, keys, guesses, warnings },
  };
}

const entryPaths = ['spec.controlPlaneEndpoint', 'spec.loadBalancer.virtualIP'];

/** How clients reach the API servers: what flags and prompts say, else what was brought. */
function entryFields({ fields }: Foreign, { virtualIP, endpoint }: Answers): readonly InventoryField[] {
  if (virtualIP !== undefined || endpoint !== undefined)
    return [
      ...(endpoint === undefined ? [] : [{ path: ['spec', 'controlPlaneEndpoint'], value: endpoint }]),
      ...(virtualIP === undefined ? [] : [{ path: ['spec', 'loadBalancer', 'virtualIP'], value: virtualIP }]),
    ];
  return fields
    .filter(({ path }) => entryPaths.includes(shownPath(path)))
    .map((field) => ({ path: field.path, value: field.value, why: whyOf(field) }));
}

const whyOf = ({ key, why }: ForeignField): string => `${key}${why === undefined ? '' : `: ${why}`}`;

/** Networks other than the defaults, since those contain addresses of the site. */
function networkFields({
  podSubnet,
  serviceSubnet,
}: {
  readonly podSubnet?: string;
  readonly serviceSubnet?: string;
}): readonly InventoryField[] {
  const field = (name: string, value: string | undefined): InventoryField[] =>
    value === undefined ? [] : [{ path: ['spec', 'networking', name], value }];
  return [...field('podSubnet', podSubnet), ...field('serviceSubnet', serviceSubnet)];
}

/** Keys with what became of them in the end: one of whose fields none could be kept is not taken over. */
function outcomes(
  keys: readonly SeenKey[],
  fields: readonly ForeignField[],
  refused: readonly RefusedField[],
): readonly SeenKey[] {
  const whys = new Map<string, string>();
  const lost = new Map<string, number>();
  for (const { field, why } of refused) {
    const place = placeOf(field);
    whys.set(place, why);
    lost.set(place, (lost.get(place) ?? 0) + 1);
  }
  const counts = new Map<string, number>();
  for (const field of fields) counts.set(placeOf(field), (counts.get(placeOf(field)) ?? 0) + 1);
  return keys.map(({ became, ...seen }) => {
    const place = placeOf(seen);
    const why = whys.get(place);
    if (why === undefined) return became === undefined ? seen : { ...seen, became };
    const some = (lost.get(place) ?? 0) < (counts.get(place) ?? 0);
    return some && became !== undefined
      ? { ...seen, became, why: `not all of it: ${why}` }
      : { ...seen, why };
  });
}

const placeOf = ({ key, at }: Pick<SeenKey, 'key' | 'at'>): string =>
  `${key} ${at.file}:${at.line}:${at.column}`;
