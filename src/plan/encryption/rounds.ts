import {
  encryptableResources,
  plain,
  type EncryptableResource,
  type EncryptionConfig,
  type StoredAs,
} from '../../model/encryption.ts';

/** What the API servers of a cluster encrypt with, and how etcd holds the objects. */
export interface EncryptionState {
  readonly servers: ReadonlyMap<string, EncryptionConfig>;
  readonly stored: ReadonlyMap<EncryptableResource, Iterable<StoredAs>>;
}

/** Configurations by host, of the API servers that get another one. */
export type Round = ReadonlyMap<string, EncryptionConfig>;

/**
 * How a cluster gets from what it has to what is wanted. In each round one API server changes after another, and the next
 * round starts when all have.
 */
export interface Rounds {
  /** Every API server can read what one of them will write. */
  readonly read: Round;
  /** Every API server writes as wanted, and can still read everything that there is. */
  readonly write: Round;
  /** What is rewritten, since etcd holds it in another way. */
  readonly rewrite: readonly { readonly resource: EncryptableResource; readonly as: StoredAs }[];
  /** Nothing is stored in a former way any more: its keys leave. */
  readonly drop: Round;
}

/** Providers of a resource at an API server. */
type Providers = readonly StoredAs[];

/**
 * The rounds that are needed. At every moment between two steps, every API server can read everything that etcd holds and
 * that any of them writes. What is not needed is empty: a single API server needs no first round, since nobody reads what
 * it writes before it can read it.
 */
export function encryptionRounds(
  wanted: (resource: EncryptableResource) => StoredAs,
  state: EncryptionState,
): Rounds {
  const each = encryptableResources.map((resource) => ({
    resource,
    ...roundsOf(
      wanted(resource),
      new Map([...state.servers].map(([host, config]) => [host, config[resource] ?? [plain]])),
      new Set(state.stored.get(resource) ?? []),
    ),
  }));
  const before = (host: string): EncryptionConfig => state.servers.get(host) ?? {};
  const merged = (round: 'read' | 'write' | 'drop', host: string): EncryptionConfig =>
    compact(
      each.map(({ resource, [round]: providers }) => [resource, providers.get(host) ?? [plain]] as const),
    );
  const hosts = [...state.servers.keys()];
  const changed = (was: (host: string) => EncryptionConfig, round: 'read' | 'write' | 'drop'): Round =>
    new Map(
      hosts.flatMap((host) => {
        const now = merged(round, host);
        return isSameConfig(was(host), now) ? [] : [[host, now] as const];
      }),
    );
  return {
    read: changed(before, 'read'),
    write: changed((host) => merged('read', host), 'write'),
    rewrite: each.flatMap(({ resource, rewrites }) => (rewrites ? [{ resource, as: wanted(resource) }] : [])),
    drop: changed((host) => merged('write', host), 'drop'),
  };
}

/** Whether there is nothing to do. */
export function isSettled({ read, write, rewrite, drop }: Rounds): boolean {
  return read.size + write.size + rewrite.length + drop.size === 0;
}

/**
 * What an API server starts with that joins others: it writes as they do, and reads everything that they read and that is
 * stored. Without others, it writes as wanted.
 */
export function joiningConfig(
  wanted: (resource: EncryptableResource) => StoredAs,
  { servers, stored }: EncryptionState,
): EncryptionConfig {
  return compact(
    encryptableResources.map((resource) => {
      const others = [...servers.values()].map((config) => config[resource] ?? [plain]);
      const writers = others.flatMap(([writer]) => writer ?? []);
      const common = writers.find((writer) => others.every((list) => list.includes(writer)));
      const first = common ?? writers[0] ?? wanted(resource);
      return [
        resource,
        unique([first, ...others.flat(), ...(stored.get(resource) ?? []), wanted(resource)]),
      ] as const;
    }),
  );
}

/** Whether two configurations say the same. */
export function isSameConfig(one: EncryptionConfig, other: EncryptionConfig): boolean {
  return encryptableResources.every(
    (resource) => (one[resource] ?? [plain]).join() === (other[resource] ?? [plain]).join(),
  );
}

interface ResourceRounds {
  readonly read: ReadonlyMap<string, Providers>;
  readonly write: ReadonlyMap<string, Providers>;
  readonly rewrites: boolean;
  readonly drop: ReadonlyMap<string, Providers>;
}

/** The providers of each API server after each round. */
function roundsOf(
  wanted: StoredAs,
  servers: ReadonlyMap<string, Providers>,
  stored: ReadonlySet<StoredAs>,
): ResourceRounds {
  const writers = [...servers.values()].flatMap(([writer]) => writer ?? []);
  const used = [...new Set([...writers, ...[...stored].sort()])];
  const readsAll = (list: Providers): boolean => [wanted, ...used].every((key) => list.includes(key));
  const isAlone = servers.size < 2;
  const read = mapValues(servers, (list) =>
    isAlone || readsAll(list) ? list : unique([list[0] ?? plain, wanted, ...list.slice(1), ...used]),
  );
  const write = mapValues(read, (list) =>
    list[0] === wanted && readsAll(list) ? list : unique([wanted, ...used]),
  );
  const final = unique([wanted]);
  return {
    read,
    write,
    rewrites: used.some((key) => key !== wanted),
    drop: mapValues(write, () => final),
  };
}

/** Each way once, and `identity` last unless it writes: what an older backup of etcd holds stays readable. */
function unique(list: readonly StoredAs[]): Providers {
  const [first = plain, ...rest] = list;
  return [...new Set([first, ...rest.filter((key) => key !== plain), plain])];
}

function mapValues<V, W>(map: ReadonlyMap<string, V>, change: (value: V) => W): ReadonlyMap<string, W> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

/** Without resources that are stored as they are. */
function compact(entries: readonly (readonly [EncryptableResource, Providers])[]): EncryptionConfig {
  return Object.fromEntries(entries.filter(([, list]) => list.join() !== plain));
}
