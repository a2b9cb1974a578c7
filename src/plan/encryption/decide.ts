import { hostsWith, type Cluster } from '../../model/cluster.ts';
import {
  encryptionFlag,
  keyPath,
  keysOf,
  plain,
  wantedFor,
  type EncryptionConfig,
  type EncryptionKeys,
  type StoredAs,
} from '../../model/encryption.ts';
import type { KbootError } from '../../model/error.ts';
import { few } from '../../model/few.ts';
import type { EncryptionObservation, ServerEncryptionSeen } from '../../observe/encryption.ts';
import type { Finding } from '../preflight/finding.ts';
import { isReadOnly, type PlanScope } from '../scope.ts';
import { encryptionRounds, isSettled, joiningConfig, type EncryptionState, type Rounds } from './rounds.ts';
import { remedyFields, type Text } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

/** What is decided about encryption. */
export interface EncryptionDecision {
  /** What each API server encrypts with before the first round; hosts that are not in it do as in a new cluster. */
  readonly configs: ReadonlyMap<string, EncryptionConfig>;
  /** undefined: nothing changes, or nothing may change now. */
  readonly rounds: Rounds | undefined;
  /** What the inventory states is not done by this plan. */
  readonly isHeld: boolean;
  /** Paths in the state folder of keys to make. */
  readonly issue: readonly string[];
  /** Hosts with a file that their API server does not use, and its digest. */
  readonly leftovers: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

const nothing: EncryptionDecision = {
  configs: new Map(),
  rounds: undefined,
  isHeld: false,
  issue: [],
  leftovers: new Map(),
  findings: [],
  warnings: [],
};

interface EncryptionInput {
  readonly cluster: Cluster;
  readonly scope: PlanScope;
  readonly seen: EncryptionObservation | undefined;
  readonly keys: EncryptionKeys;
  readonly failed: ReadonlyMap<string, KbootError>;
  /** The Kubernetes version changes in this plan. */
  readonly upgrades: boolean;
}

/**
 * What API servers encrypt with at first, so that nobody writes what another one cannot read, and the rounds from there to
 * what the inventory states. Pure.
 */
export function decideEncryption(input: EncryptionInput): EncryptionDecision {
  const { cluster, seen, keys } = input;
  if (seen === undefined) return nothing;
  const wanted = (resource: Parameters<typeof wantedFor>[1]): StoredAs => wantedFor(cluster, resource);
  const planes = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  const stands = new Map(
    planes.flatMap((name) => {
      const config = standing(seen.servers.get(name));
      return config === undefined ? [] : [[name, config] as const];
    }),
  );
  const stored: EncryptionState['stored'] = new Map(
    [...(seen.stored ?? [])].map(([resource, counts]) => [resource, [...counts.keys()]]),
  );
  const joining = joiningConfig(wanted, { servers: stands, stored });
  const configs = new Map(planes.map((name) => [name, stands.get(name) ?? joining]));
  const rounds = encryptionRounds(wanted, { servers: configs, stored });
  const settled = isSettled(rounds);
  const leftovers = new Map(
    planes.flatMap((name): [string, string][] => {
      const server = seen.servers.get(name);
      return server?.digest === undefined || server.uses === 'kboot' || !server.isServer
        ? []
        : [[name, server.digest]];
    }),
  );
  const used = new Set([...stored.values()].flatMap((each) => [...each]));
  const findings = findingsOf(input, { used, settled });
  const why = settled && leftovers.size === 0 ? undefined : whyHeld(input);
  const goes = !settled && why === undefined && findings.length === 0;
  const planned = goes
    ? [rounds.read, rounds.write, rounds.drop].flatMap((round) => [...round.values()])
    : [];
  const missing = [...keysOf([...configs.values(), ...planned])].filter(
    (key) => !keys.has(key) && !used.has(key),
  );
  return {
    configs,
    leftovers: why === undefined && findings.length === 0 ? leftovers : new Map(),
    rounds: goes ? rounds : undefined,
    isHeld: !settled && !goes,
    issue: missing.map(keyPath),
    findings,
    warnings:
      why === undefined || settled || findings.length > 0
        ? []
        : [`what API servers encrypt with does not change in this plan: ${why}`],
  };
}

/** What the API server of a host has now; undefined: it has none, or one whose file is lost. */
function standing(server: ServerEncryptionSeen | undefined): EncryptionConfig | undefined {
  if (server === undefined || !server.isServer) return undefined;
  return server.uses === 'kboot' ? server.config : {};
}

/** Why the rounds cannot be carried out now; undefined if they can. */
function whyHeld({ cluster, scope, seen, failed, upgrades }: EncryptionInput): string | undefined {
  const planes = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  const unread = planes.filter((name) => failed.has(name) || seen?.servers.has(name) !== true);
  const limited = planes.filter((name) => isReadOnly(scope, name));
  if (upgrades) return 'the Kubernetes version changes first';
  if (unread.length > 0)
    return `${few(unread, 4)} could not be read, and every API server must be able to read what others write`;
  if (limited.length > 0) return `--limit excludes ${few(limited, 4)}, and it changes on all control planes`;
  if (seen?.stored === undefined) return 'etcd does not answer';
  return undefined;
}

function findingsOf(
  { cluster, seen, keys, upgrades }: EncryptionInput,
  { used, settled }: { readonly used: ReadonlySet<StoredAs>; readonly settled: boolean },
): Finding[] {
  const [first = ''] = hostsWith(cluster, 'control-plane').map(({ name }) => name);
  const finding = (host: string, message: string, remedy: Text): Finding => ({
    check: 'Encryption',
    level: 'error',
    ...{ host, message },
    ...remedyFields(remedy),
  });
  const others = [...(seen?.servers ?? [])].filter(([, { uses }]) => uses === 'other').map(([host]) => host);
  const encrypted = [...used].filter((key) => key !== plain);
  if (others.length > 0 && (encrypted.length > 0 || cluster.encryption !== undefined))
    return others.map((host) =>
      finding(
        host,
        `its API server encrypts by a file of yours, which is no longer in the inventory${encrypted.length === 0 ? '' : `, and etcd holds data of ${encrypted.join(', ')}`}`,
        remedies.ownEncryption({ flag: encryptionFlag }),
      ),
    );
  return [
    ...(seen?.conflicts ?? []).map(({ host, key }) =>
      finding(
        host,
        `its API server has another ${key} than the state folder: two keys have one name`,
        remedies.otherKey,
      ),
    ),
    ...encrypted
      .filter((key) => !keys.has(key))
      .map((key) =>
        finding(
          first,
          `etcd holds data that is encrypted with ${key}, which neither the state folder nor a control plane has`,
          remedies.restoreKey({ path: keyPath(key) }),
        ),
      ),
    ...(upgrades && !settled
      ? [
          finding(
            first,
            'spec.kubernetesVersion and spec.encryption change at the same time',
            remedies.oneAfterTheOther,
          ),
        ]
      : []),
  ];
}
