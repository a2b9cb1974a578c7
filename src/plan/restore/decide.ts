import { formerPlace, type RestoredMember, type RestoreTool } from '../../desire/restore.ts';
import { etcdPeerPort, hostPort } from '../../desire/text/address.ts';
import {
  controlHosts,
  etcdDataDir,
  etcdHosts,
  hasExternalEtcd,
  hostsWith,
  isNode,
  type Cluster,
  type Host,
} from '../../model/cluster.ts';
import { sha256 } from '../../model/digest.ts';
import { KbootError } from '../../model/error.ts';
import type { RestoreObservation, RestoreRecord } from '../../model/restore-observation.ts';
import { strangeStamp } from '../preflight/foreign-host.ts';
import { lines } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

/** What a member of the present etcd says of itself. */
export interface Survivor {
  readonly name: string;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly revision: number;
}

/** What etcd is restored from. */
export type RestoreSource =
  | {
      readonly kind: 'snapshot';
      readonly file: string;
      /** Of the file, hexadecimal. */
      readonly digest: string;
      readonly size: number;
      readonly revision: number;
    }
  | {
      readonly kind: 'survivor';
      /** The newest intact snapshot in the state folder. */
      readonly newest: { readonly file: string; readonly revision: number } | undefined;
    };

export interface RestoreInput {
  readonly cluster: Cluster;
  readonly clusterId: string | undefined;
  readonly source: RestoreSource;
  /** Hosts that answered. */
  readonly seen: ReadonlyMap<string, RestoreObservation>;
  /** Hosts that did not, and why. */
  readonly failed: ReadonlyMap<string, KbootError>;
  /** Hosts that are gone for good, as the operator says. */
  readonly lost: readonly string[];
  /** Members that answer, the most advanced first. */
  readonly survivors: readonly Survivor[];
  /** Whether etcd has its quorum. */
  readonly quorum: boolean;
  /** The image of etcd for this version. */
  readonly image: string;
  /** The time in milliseconds. */
  readonly now: number;
  /** Former members in the snapshot, by peer URL. */
  readonly former: readonly { readonly name: string; readonly peerURLs: readonly string[] }[];
}

/** One host of the new etcd. */
export interface RestoreHost {
  readonly host: Host;
  /** How far an earlier run came. */
  readonly state: 'new' | 'prepared' | 'restored';
  /** undefined: from the release's archive, first. */
  readonly tool: RestoreTool | undefined;
  readonly installed: boolean;
  readonly service: boolean;
  readonly hasData: boolean;
}

/** What is restored where. */
export interface Restoration {
  readonly id: string;
  /** By how much the revision is raised. */
  readonly bump: number;
  readonly source: RestoreSource;
  /** In a record on the hosts: SHA-256 of the snapshot, or `survivor`. */
  readonly sourceName: string;
  /** Whose data become the new cluster's; undefined: a snapshot's, or they are on the hosts already. */
  readonly survivor: Survivor | undefined;
  readonly dataDir: string;
  readonly hosts: readonly RestoreHost[];
  readonly members: readonly RestoredMember[];
  /** Control planes that stop and start, with their own etcd or without. */
  readonly planes: readonly Host[];
  /** etcd hosts without a control plane that stop and start. */
  readonly services: readonly Host[];
  /** Control planes whose API server starts. */
  readonly apiHosts: readonly Host[];
  readonly warnings: readonly string[];
}

/**
 * Decides which hosts become members of the new etcd: those that can start it now; if none can, since all are fresh, all of
 * them, and `up` starts them. Pure. Throws KbootError before anything may be done: E-PROBE or why a host could not be
 * read, E-FOREIGN-CLUSTER, E-PREFLIGHT for a host that lacks something, E-QUORUM if there is nothing to rescue or nothing
 * to rescue it from, E-SNAPSHOT if a snapshot is newer than every survivor.
 */
export function decideRestore(input: RestoreInput): Restoration {
  const { cluster, source, seen, survivors } = input;
  refuseUnread(input);
  refuseStrangers(input);
  const own = etcdHosts(cluster).flatMap((host) => {
    const observed = seen.get(host.name);
    return observed === undefined ? [] : [{ host, observed }];
  });
  const installed = own.filter(({ observed }) => observed.installed);
  const chosen = installed.length > 0 ? installed : own;
  if (chosen.length === 0)
    throw new KbootError('E-PREFLIGHT', 'there is no host to restore etcd on', {
      remedy: remedies.oneHostWithEtcd,
    });
  const sourceName = source.kind === 'snapshot' ? source.digest : 'survivor';
  const names = chosen.map(({ host }) => host.name);
  const pending = chosen
    .map(({ observed }) => observed.record)
    .find(
      (record) =>
        record?.id === idOf(sourceName, names, record?.bump ?? 0) &&
        isUnderWay(record, sourceName, survivors),
    );
  const survivor =
    pending === undefined && source.kind === 'survivor' ? choose(input, source.newest) : undefined;
  const bump = pending?.bump ?? bumpOf(input, survivor);
  const id = idOf(sourceName, names, bump);
  const hosts = chosen.map(({ host, observed }): RestoreHost => {
    const { record } = observed;
    return {
      host,
      state: record?.id === id && record.state !== 'done' ? record.state : 'new',
      tool: toolOf(host, observed, input.image),
      installed: observed.installed,
      service: !isStacked(cluster),
      hasData: observed.data !== 'absent',
    };
  });
  refuseMissing(hosts, source, survivor);
  refuseFullDisks(hosts, input);
  const planes = hostsWith(cluster, 'control-plane').filter(
    (host) => seen.get(host.name)?.apiServer === true,
  );
  const members = chosen.map(({ host }) => ({ name: host.name, peerURL: peerUrl(host) }));
  return {
    ...{ id, bump, source, sourceName, survivor, hosts, members, planes },
    dataDir: etcdDataDir(cluster),
    services: isStacked(cluster) ? [] : hosts.filter((each) => each.installed).map(({ host }) => host),
    apiHosts: planes,
    warnings: [
      ...(pending === undefined ? [] : ['goes on with what an earlier run began']),
      ...warningsOf(input, { id, hosts, members }),
    ],
  };
}

const isStacked = (cluster: Cluster): boolean => !hasExternalEtcd(cluster);
const peerUrl = ({ address }: Host): string => `https://${hostPort(address, etcdPeerPort)}`;
/** A restore with another bump, of another source or to other members is another one. */
const idOf = (source: string, members: readonly string[], bump: number): string =>
  sha256([source, ...members, String(bump)].join('\n')).slice(0, 12);

/** Between two restores there are fewer writes than milliseconds; else, and at first, it is this much. */
const leastBump = 1_000_000_000;

/**
 * By how much the revision is raised. The first revision after a restore must be greater than any that a client has seen,
 * also after an earlier restore of the same snapshot, and if no member is left to ask: it is the time in milliseconds.
 */
function bumpOf({ source, survivors, now }: RestoreInput, survivor: Survivor | undefined): number {
  const from = survivor?.revision ?? (source.kind === 'snapshot' ? source.revision : 0);
  const highest = Math.max(0, ...survivors.map(({ revision }) => revision));
  const first = Math.max(now, from + leastBump, highest < now ? 0 : highest + leastBump);
  return first - from;
}

/** Whether an earlier run of the same restore came so far that this one goes on with it. */
function isUnderWay(record: RestoreRecord, sourceName: string, survivors: readonly Survivor[]): boolean {
  if (record.source !== sourceName || record.state === 'done') return false;
  // Once the survivor's own data were moved, or it was stopped, what was made of them is all there is.
  return sourceName !== 'survivor' || record.state === 'restored' || survivors.length === 0;
}

/** A host that does not answer may still run the former etcd: with it, there would be two clusters. */
function refuseUnread({ cluster, failed, lost }: RestoreInput): void {
  const blind = controlHosts(cluster).filter(({ name }) => failed.has(name) && !lost.includes(name));
  const [first] = blind;
  if (first === undefined) return;
  const cause = failed.get(first.name);
  const names = blind.map(({ name }) => name);
  throw new KbootError(
    cause?.code ?? 'E-PROBE',
    `${names.join(', ')} could not be read: ${cause?.message ?? ''}`,
    {
      ...cause?.context,
      host: names.join(', '),
      remedy: lines(cause?.context.remedyText, remedies.mayStillRun({ hosts: names.join(' ') })),
    },
  );
}

function refuseStrangers({ cluster, clusterId, seen }: RestoreInput): void {
  for (const [host, { clusterId: stamp }] of seen) {
    if (stamp === '' || stamp === clusterId) continue;
    const { message, remedy } = strangeStamp(cluster, stamp, clusterId);
    throw new KbootError('E-FOREIGN-CLUSTER', `${message}; nothing was changed`, { host, remedy });
  }
}

/** The most advanced survivor. Throws E-QUORUM, E-SNAPSHOT. */
function choose(
  { survivors, quorum }: RestoreInput,
  newest: { readonly file: string; readonly revision: number } | undefined,
): Survivor {
  if (quorum)
    throw new KbootError('E-QUORUM', 'etcd has its quorum: there is nothing to rescue', {
      remedy: remedies.upReplaces,
    });
  const [best] = survivors;
  if (best === undefined)
    throw new KbootError(
      'E-QUORUM',
      'no member of etcd answers, so none can be taken for the most advanced',
      {
        remedy: remedies.startEtcd,
      },
    );
  if (newest !== undefined && newest.revision > best.revision)
    throw new KbootError(
      'E-SNAPSHOT',
      `${newest.file} is newer (revision ${newest.revision}) than every surviving member (${best.name}: revision ${best.revision})`,
      { remedy: remedies.restoreNewest({ file: newest.file }) },
    );
  return best;
}

function toolOf(host: Host, seen: RestoreObservation, image: string): RestoreTool | undefined {
  if (!isNode(host)) return seen.etcdutl ? 'etcdutl' : undefined;
  const usable = [seen.etcdImage, image].find((each) => each !== '' && seen.images.includes(each));
  return { image: usable ?? '' };
}

/** Throws E-PREFLIGHT for hosts that cannot make the data. */
function refuseMissing(
  hosts: readonly RestoreHost[],
  source: RestoreSource,
  survivor: Survivor | undefined,
): void {
  const todo = hosts.filter(({ state }) => state === 'new');
  const bare = todo.filter(({ tool }) => typeof tool === 'object' && tool.image === '');
  if (bare.length > 0)
    throw new KbootError('E-PREFLIGHT', 'has no image of etcd, which makes the data from the snapshot', {
      host: namesOf(bare),
      remedy: remedies.untilRuntime,
    });
  if (todo.length > 0 && source.kind === 'survivor' && survivor === undefined)
    throw new KbootError('E-PREFLIGHT', 'lost what an earlier run had prepared', {
      host: namesOf(todo),
      remedy: remedies.survivorsSnapshot,
    });
}

function namesOf(hosts: readonly RestoreHost[]): string {
  return hosts.map(({ host }) => host.name).join(', ');
}

/** Beside the former data there is the snapshot, and the new data that are made from it. */
function refuseFullDisks(hosts: readonly RestoreHost[], { source, seen, cluster }: RestoreInput): void {
  for (const { host, state } of hosts) {
    const observed = seen.get(host.name);
    if (state !== 'new' || observed === undefined) continue;
    const size =
      source.kind === 'snapshot'
        ? Math.ceil(source.size / 1024 / 1024)
        : Math.max(...[...seen.values()].map(({ databaseMiB }) => databaseMiB));
    // etcdutl writes a log of 64 MB, too.
    const needed = 2 * size + 150;
    if (observed.freeMiB >= needed) continue;
    throw new KbootError(
      'E-PREFLIGHT',
      `${observed.freeMiB} MiB free at ${etcdDataDir(cluster)}; the restore needs ${needed} MiB there`,
      {
        host: host.name,
        remedy: remedies.freeFormerData,
      },
    );
  }
}

function warningsOf(
  { cluster, source, survivors, quorum, former, lost, seen }: RestoreInput,
  { id, hosts, members }: Pick<Restoration, 'id' | 'hosts' | 'members'>,
): string[] {
  const dataDir = etcdDataDir(cluster);
  const [best] = survivors;
  const others = former.filter(({ peerURLs }) => !members.some(({ peerURL }) => peerURLs.includes(peerURL)));
  const later = etcdHosts(cluster).filter(({ name }) => !hosts.some(({ host }) => host.name === name));
  return [
    ...(source.kind === 'snapshot' && best !== undefined && best.revision > source.revision
      ? [
          `${best.name} has revision ${best.revision}, the snapshot ${source.revision}: everything that was changed since is lost${quorum ? '' : '; --from-survivor keeps it'}`,
        ]
      : []),
    ...(hosts.some(({ hasData }) => hasData)
      ? [
          `the former data stay on every host in ${formerPlace({ dataDir, id })}; delete them when nobody needs them any more`,
        ]
      : []),
    ...(others.length === 0
      ? []
      : [
          `members at that time that are not restored: ${others.map(({ name, peerURLs }) => `${name} (${peerURLs.join(', ')})`).join(', ')}. Their etcd must not run any more`,
        ]),
    ...(later.length === 0
      ? []
      : [
          `${later.map(({ name }) => name).join(', ')}: ${later.some(({ name }) => lost.includes(name)) ? 'left out' : 'not installed'}; \`kboot up\` has them join afterwards`,
        ]),
    ...(hosts.some(({ installed }) => installed)
      ? []
      : ['no host has a control plane yet: etcd starts with these data when `kboot up` installs it']),
    ...(hostsWith(cluster, 'control-plane').some(({ name }) => seen.get(name)?.apiServer === true)
      ? ['the API is unavailable from the stop until etcd has its quorum; Pods go on running']
      : []),
  ];
}
