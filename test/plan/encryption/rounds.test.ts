import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  plain,
  type EncryptableResource,
  type EncryptionConfig,
  type StoredAs,
} from '../../../src/model/encryption.ts';
import {
  encryptionRounds,
  isSameConfig,
  isSettled,
  joiningConfig,
  type EncryptionState,
} from '../../../src/plan/encryption/rounds.ts';

const [one, two, three] = ['secretbox:one', 'secretbox:two', 'aescbc:three'] as const;
const ways: readonly StoredAs[] = [plain, one, two, three];

/** A cluster whose API servers and etcd a test looks at. */
interface World {
  readonly servers: Map<string, EncryptionConfig>;
  readonly stored: Set<StoredAs>;
}

const listOf = (config: EncryptionConfig | undefined): readonly StoredAs[] => config?.secrets ?? [plain];
const configOf = (list: readonly StoredAs[]): EncryptionConfig =>
  list.join() === plain ? {} : { secrets: list };
const stateOf = ({ servers, stored }: World): EncryptionState => ({
  servers,
  stored: new Map([['secrets', stored]]),
});
const wants = (way: StoredAs) => (resource: EncryptableResource) => (resource === 'secrets' ? way : plain);

/** Every API server reads all that is stored, and all that any of them writes. */
function expectReadable({ servers, stored }: World): void {
  const lists = [...servers.values()].map(listOf);
  const needed = new Set([...stored, ...lists.map(([writer]) => writer ?? plain)]);
  for (const list of lists)
    for (const way of needed) expect(list, `${way} of ${[...needed].join()}`).toContain(way);
}

/** Everything that API servers may do: each writes something. */
function clientsWrite({ servers, stored }: World): void {
  for (const config of servers.values()) stored.add(listOf(config)[0] ?? plain);
}

/**
 * Carries a plan out until `steps` steps are done, and checks after each. Returns whether it came to its end. What
 * clients write in the meantime is in etcd, too.
 */
function carryOut(world: World, wanted: StoredAs, steps: number): boolean {
  const { read, write, rewrite, drop } = encryptionRounds(wants(wanted), stateOf(world));
  let left = steps;
  const round = (changes: ReadonlyMap<string, EncryptionConfig>): boolean => {
    for (const [host, config] of changes) {
      if (left-- <= 0) return false;
      world.servers.set(host, config);
      clientsWrite(world);
      expectReadable(world);
    }
    return true;
  };
  if (!round(read) || !round(write)) return false;
  if (rewrite.length > 0) {
    if (left-- <= 0) return false;
    world.stored.clear();
    clientsWrite(world);
  }
  return round(drop);
}

/** A cluster that was led to several ways one after another, each time interrupted: every state that there can be. */
const histories = fc.record({
  servers: fc.integer({ min: 1, max: 3 }),
  first: fc.constantFrom(...ways),
  filled: fc.boolean(),
  before: fc.array(
    fc.record({
      wanted: fc.constantFrom(...ways),
      steps: fc.integer({ min: 0, max: 12 }),
      joins: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  wanted: fc.constantFrom(...ways),
});

it('ends as wanted from wherever an earlier run stopped, and everything is readable at every moment', () => {
  fc.assert(
    fc.property(histories, ({ servers, first, filled, before, wanted }) => {
      const final = configOf(first === plain ? [plain] : [first, plain]);
      const names = ['cp-1', 'cp-2', 'cp-3'].slice(0, servers);
      const world: World = {
        servers: new Map(names.map((name) => [name, final])),
        stored: new Set(filled ? [first] : []),
      };
      for (const { wanted: then, steps, joins } of before) {
        if (joins && world.servers.size < 3) {
          world.servers.set(`cp-${world.servers.size + 1}`, joiningConfig(wants(then), stateOf(world)));
          expectReadable(world);
        }
        carryOut(world, then, steps);
      }
      expect(carryOut(world, wanted, Infinity)).toBe(true);
      const end = configOf(wanted === plain ? [plain] : [wanted, plain]);
      for (const config of world.servers.values()) expect(isSameConfig(config, end)).toBe(true);
      expect([...world.stored].filter((way) => way !== wanted)).toEqual([]);
      expect(isSettled(encryptionRounds(wants(wanted), stateOf(world)))).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

const three3 = (config: EncryptionConfig): Map<string, EncryptionConfig> =>
  new Map(['cp-1', 'cp-2', 'cp-3'].map((name) => [name, config]));

describe('the rounds', () => {
  it('of turning it on with three API servers', () => {
    const rounds = encryptionRounds(wants(one), stateOf({ servers: three3({}), stored: new Set([plain]) }));
    expect(rounds).toEqual({
      read: three3({ secrets: [plain, one] }),
      write: three3({ secrets: [one, plain] }),
      rewrite: [{ resource: 'secrets', as: one }],
      drop: new Map(),
    });
  });

  it('of rotating the key', () => {
    const rounds = encryptionRounds(
      wants(two),
      stateOf({ servers: three3({ secrets: [one, plain] }), stored: new Set([one]) }),
    );
    expect(rounds).toEqual({
      read: three3({ secrets: [one, two, plain] }),
      write: three3({ secrets: [two, one, plain] }),
      rewrite: [{ resource: 'secrets', as: two }],
      drop: three3({ secrets: [two, plain] }),
    });
  });

  it('of turning it off', () => {
    const rounds = encryptionRounds(
      wants(plain),
      stateOf({ servers: three3({ secrets: [one, plain] }), stored: new Set([one]) }),
    );
    expect(rounds).toEqual({
      read: new Map(),
      write: three3({ secrets: [plain, one] }),
      rewrite: [{ resource: 'secrets', as: plain }],
      drop: three3({}),
    });
  });

  it('of a single API server, without the first one', () => {
    const servers = new Map([['cp-1', {}]]);
    expect(encryptionRounds(wants(one), stateOf({ servers, stored: new Set([plain]) }))).toEqual({
      read: new Map(),
      write: new Map([['cp-1', { secrets: [one, plain] }]]),
      rewrite: [{ resource: 'secrets', as: one }],
      drop: new Map(),
    });
  });

  it('keep a key that etcd still holds data of', () => {
    const { read, write, drop } = encryptionRounds(
      wants(two),
      stateOf({ servers: three3({ secrets: [two, plain] }), stored: new Set([two, three]) }),
    );
    expect(read).toEqual(three3({ secrets: [two, three, plain] }));
    expect(write.size).toBe(0);
    expect(drop).toEqual(three3({ secrets: [two, plain] }));
  });

  it('are none in a new cluster', () => {
    const joining = joiningConfig(wants(one), { servers: new Map(), stored: new Map() });
    expect(joining).toEqual({ secrets: [one, plain] });
    expect(isSettled(encryptionRounds(wants(one), { servers: three3(joining), stored: new Map() }))).toBe(
      true,
    );
  });
});
