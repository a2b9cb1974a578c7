import { shownPath } from '../../foreign/outcome.ts';
import type { ForeignBastion, ForeignField, ForeignSsh } from '../../foreign/types.ts';
import { given } from '../../inventory/build-value.ts';
import type { InventoryField } from '../../inventory/field.ts';
import type { Json, JsonObject } from '../../model/cluster.ts';
import { hasSecret } from '../../model/secret-value.ts';
import { identityIn } from '../init/answers.ts';
import type { BroughtHost } from './settle.ts';

/** Everything that a brought inventory states. */
export interface BroughtFields {
  /** Fields that an inventory must have. */
  readonly core: readonly InventoryField[];
  /** What is taken over besides, each by itself. */
  readonly others: readonly ForeignField[];
  /** What is not, and why. */
  readonly refused: readonly RefusedField[];
}

/** A field that the inventory cannot have. */
export interface RefusedField {
  readonly field: ForeignField;
  readonly why: string;
}

/** A host with its node address. */
export interface PlacedHost extends BroughtHost {
  readonly address: string;
  /** A summary of its facts. */
  readonly seen?: string;
}

/** The hosts as fields of an inventory, with the login that all of them share stated once. `file`: the inventory. */
export function hostFields(hosts: readonly PlacedHost[], file: string): readonly InventoryField[] {
  const logins = hosts.map(({ isLocal, ssh, address }) =>
    isLocal ? undefined : loginJson(ssh, address, file),
  );
  const remote = logins.filter((login) => login !== undefined);
  const [first] = remote;
  const shared: JsonObject = Object.fromEntries(
    Object.entries(first ?? {}).filter(
      ([key, value]) =>
        key !== 'address' &&
        key !== 'hostKey' &&
        remote.every((login) => JSON.stringify(login[key]) === JSON.stringify(value)),
    ),
  );
  return [
    ...(Object.keys(shared).length === 0 ? [] : [{ path: ['spec', 'ssh'], value: shared }]),
    ...hosts.map(({ name, roles, address, seen, isLocal }, index): InventoryField => {
      const own = Object.entries(logins[index] ?? {}).filter(([key]) => !(key in shared));
      return {
        path: ['spec', 'hosts', index],
        value: {
          ...{ name, roles, address },
          ...(isLocal && { connection: 'local' }),
          ...(own.length > 0 && { ssh: Object.fromEntries(own) }),
        },
        ...given('why', seen),
      };
    }),
  ];
}

/** How SSH reaches a host, as an inventory states it; an address that is the node's is left out. */
function loginJson(ssh: ForeignSsh, nodeAddress: string, file: string): JsonObject {
  const { address, bastion } = ssh;
  return {
    ...(address !== undefined && !nodeAddress.split(',').includes(address) && { address }),
    ...login(ssh, file),
    ...(bastion !== undefined && { bastion: { address: bastion.address, ...login(bastion, file) } }),
  };
}

function login(
  { user, port, identityFile, hostKey }: Omit<ForeignBastion, 'address'>,
  file: string,
): Record<string, Json> {
  return {
    ...(user !== undefined && { user }),
    ...(port !== undefined && port !== 22 && { port }),
    ...(identityFile !== undefined && { identityFile: identityIn(file, identityFile) }),
    ...(hostKey !== undefined && { hostKey }),
  };
}

/**
 * Fields of the cluster and of hosts by the path that they have in the inventory, less those that flags replace (`stated`,
 * paths as people write them), those that a later one replaces, and secrets.
 */
export function otherFields(
  cluster: readonly ForeignField[],
  hosts: readonly BroughtHost[],
  stated: readonly string[],
): Pick<BroughtFields, 'others' | 'refused'> {
  const ofHosts = hosts.flatMap(({ fields }, index) =>
    fields.map((field) => ({ ...field, path: ['spec', 'hosts', index, ...field.path] })),
  );
  const refused: RefusedField[] = [];
  const found = new Map<string, ForeignField>();
  const counts = new Map<string, number>();
  for (const field of [...cluster, ...ofHosts]) {
    const shown = shownPath(field.path);
    if (stated.some((each) => shown === each || shown.startsWith(`${each}.`)))
      refused.push({ field, why: 'a flag says it' });
    else if (hasSecret(field.value, String(field.path.at(-1))))
      refused.push({
        field,
        why: `it looks like a secret: write ${shown} yourself, with \${NAME} for what the environment has`,
      });
    else {
      const list = JSON.stringify(field.path.slice(0, -1));
      const isItem = field.path.at(-1) === -1;
      const next = counts.get(list) ?? 0;
      if (isItem) counts.set(list, next + 1);
      found.set(isItem ? `${list} ${next}` : JSON.stringify(field.path), field);
    }
  }
  return { others: [...found.values()], refused };
}

/** Fields with the numbers that items of lists get, and where each one is from. */
export function numbered(fields: readonly ForeignField[]): readonly InventoryField[] {
  const counts = new Map<string, number>();
  return fields.map(({ path, value, why, key }) => {
    const from = `${key}${why === undefined ? '' : `: ${why}`}`;
    const isHost = path[1] === 'hosts';
    if (path.at(-1) !== -1) return { path, value, ...(!isHost && { why: from }) };
    const list = JSON.stringify(path.slice(0, -1));
    const next = counts.get(list) ?? 0;
    counts.set(list, next + 1);
    return { path: [...path.slice(0, -1), next], value, ...(!isHost && next === 0 && { why: from }) };
  });
}
