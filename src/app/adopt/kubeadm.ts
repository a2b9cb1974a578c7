import { dirname, join, relative, resolve } from 'node:path';
import { clusterConfiguration, clusterName } from '../../desire/adopt/cluster.ts';
import { externalPaths, externalPems } from '../../desire/adopt/external-etcd.ts';
import { entranceObstacles } from '../../desire/adopt/entrance.ts';
import { apiServerPort } from '../../desire/text/address.ts';
import { internalAddresses, nodeParts } from '../../desire/adopt/node.ts';
import type { SeenCluster, SeenHost } from '../../desire/adopt/types.ts';
import { pathsToReadBack, readBack, type FoundFiles, type Obstacle } from '../../desire/read-back.ts';
import { openKube } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Cluster } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { apiOf, observeForeignCluster, readForeignHost } from '../../observe/adopt.ts';
import { readTexts } from '../../observe/texts.ts';
import { clusterIdOf } from '../../pki/digest.ts';
import { readKeptState } from '../../store/new-state.ts';
import { defaultStateDir, peekState } from '../../store/state.ts';
import type { ConnectOptions, HostConnection } from '../../transport/types.ts';
import type { NewSsh } from '../../view/new-inventory.ts';
import { sshHost } from '../init/look.ts';
import { refuseExisting, writeNewFile } from '../init/write.ts';
import { connectAll } from '../observe/connect.ts';
import { draftInventory } from './draft.ts';
import { refuseOther, writeExternalEtcd, writeState } from './state.ts';
import { lines } from '../../model/language/text.ts';
import { remedies } from '../remedies.ts';

export interface AdoptOptions {
  /** The inventory to write. */
  readonly file: string;
  readonly state?: string | undefined;
  /** Addresses for SSH; at least one is a control plane. The others are found through the API. */
  readonly hosts: readonly string[];
  readonly ssh: NewSsh;
  readonly name?: string | undefined;
  readonly concurrency: number;
}

export interface AdoptedCluster {
  readonly cluster: Cluster;
  readonly file: string;
  readonly dir: string;
  readonly clusterId: string;
  /** Number of certificates and keys that were read. */
  readonly files: number;
  readonly issued: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Takes over a cluster that kubeadm made: reads its hosts and its API, writes the state folder and an inventory, and
 * changes nothing on hosts. Throws KbootError E-ADOPT with all reasons why it cannot be taken over, before anything is
 * written; E-USAGE if the file exists; the first failure if a host cannot be read.
 */
export async function adoptCluster(options: AdoptOptions, connect: ConnectOptions): Promise<AdoptedCluster> {
  await refuseExisting(options.file, 'adopt --host');
  const open = new Map<string, HostConnection>();
  try {
    const seen = await readCluster(options, connect, open);
    const stateDir = options.state ?? defaultStateDir(options.file, clusterName(seen, options.name));
    const folder = join(resolve(stateDir), 'external-etcd');
    const { text, cluster, warnings, obstacles } = draftInventory(
      { ...options, externalFolder: relative(dirname(resolve(options.file)), folder) },
      seen,
    );
    const filesOf = async (pathsOn: (host: string) => readonly string[]): Promise<FoundFiles> =>
      new Map(
        await Promise.all(
          [...seen.hosts.keys()].map(async (name) => {
            const reader = open.get(name)?.reader;
            const texts = reader && (await readTexts(reader, pathsOn(name)));
            return [name, texts ?? new Map<string, string>()] as const;
          }),
        ),
      );
    const found = await filesOf((name) => {
      const host = cluster?.hosts.find((each) => each.name === name);
      return cluster === undefined || host === undefined ? [] : pathsToReadBack(cluster, host);
    });
    const stated = clusterConfiguration(seen)?.etcd?.external;
    const external =
      stated &&
      externalPems(stated, seen, await filesOf(() => Object.values(externalPaths(stated))), new Date());
    const keys = cluster && readBack(cluster, found);
    const all = [
      ...obstacles,
      ...(external?.obstacles ?? []),
      ...(keys === undefined ? [] : [...keys.obstacles, ...ownStamp(keys.clusterId)]),
    ];
    if (cluster === undefined || keys === undefined || all.length > 0) throw refusal(all);
    const clusterId = clusterIdOf(keys.material.get('ca.crt') ?? '');
    const state = await peekState(stateDir);
    const kept = await readKeptState(state);
    // A run that was killed leaves the ID of this cluster, and nothing else.
    const had = kept.material.size > 0 || (kept.clusterId !== undefined && kept.clusterId !== clusterId);
    if (had) refuseOther(state, kept, { ...keys, clusterId });
    const issued = had ? [] : await writeState(state, cluster, { ...keys, clusterId }, options.file);
    if (external?.pems !== undefined) await writeExternalEtcd(folder, external.pems);
    await writeNewFile(options.file, text, 'adopt --host');
    return {
      ...{ cluster, file: options.file, dir: state.dir, clusterId },
      ...{ files: keys.material.size, issued, warnings },
    };
  } finally {
    await Promise.all([...open.values()].map((connection) => connection.close()));
  }
}

function refusal(obstacles: readonly Obstacle[]): KbootError {
  return new KbootError('E-ADOPT', obstacles.map(({ message }) => message).join('\n'), {
    remedy: lines(remedies.nothingWritten, ...obstacles.map(({ remedy }) => remedy)),
  });
}

function ownStamp(clusterId: string | undefined): readonly Obstacle[] {
  return clusterId === undefined
    ? []
    : [
        {
          message: 'kboot set up hosts of this cluster',
          remedy: remedies.readBackByInventory,
        },
      ];
}

/** Connects to the hosts given, asks the API through one of them, and connects to the others. */
async function readCluster(
  options: AdoptOptions,
  connect: ConnectOptions,
  open: Map<string, HostConnection>,
): Promise<SeenCluster> {
  const reach = async (
    targets: readonly { readonly name: string; readonly address: string }[],
  ): Promise<ReadonlyMap<string, SeenHost>> => {
    const { results, failed, ...connections } = await connectAll(
      undefined,
      targets.map(({ name, address }) =>
        sshHost({ name, role: 'control-plane', stated: address }, { file: options.file, ...options.ssh }),
      ),
      connect,
      options.concurrency,
      (_host, { reader }) => readForeignHost(reader),
    );
    for (const [name, connection] of connections.open) open.set(name, connection);
    const [first] = failed.values();
    if (first !== undefined)
      throw new KbootError(
        first.code,
        `${[...failed.keys()].join(', ')} could not be read: ${first.message}`,
        {
          ...first.context,
          remedy: lines(first.context.remedyText, remedies.readEveryHost),
        },
      );
    return results;
  };
  const stated = await reach([...new Set(options.hosts)].map((address) => ({ name: address, address })));
  const [entrance] = [...stated].flatMap(([name, host]) => {
    const api = apiOf(host);
    return api === undefined ? [] : [{ name, api }];
  });
  const reader = entrance && open.get(entrance.name)?.reader;
  if (entrance === undefined || reader === undefined)
    throw new KbootError(
      'E-ADOPT',
      `${options.hosts.join(', ')}: not a control plane that kubeadm set up (kube-apiserver.yaml and admin.conf are not both there)`,
      { remedy: remedies.nameControlPlane },
    );
  const expired = entranceObstacles(
    entrance.name,
    stated.get(entrance.name) ?? { files: new Map() },
    entrance.api.credentials,
    new Date(),
  );
  if (expired.length > 0) throw refusal(expired);
  const kube = await openKube(
    await reader.forward(entrance.api.address, apiServerPort),
    entrance.api.credentials,
  );
  let observed: Omit<SeenCluster, 'hosts'>;
  try {
    observed = await observeForeignCluster(kube);
  } finally {
    kube.close();
  }
  const hosts = new Map<string, SeenHost>();
  const others: { readonly name: string; readonly address: string }[] = [];
  const strangers = new Set(stated.keys());
  for (const node of observed.nodes) {
    const own = [...stated].filter(([, host]) => isNodeOf(node, host, observed.nodes));
    const [address = ''] = internalAddresses(node).split(',');
    const { name } = node.metadata;
    for (const [target] of own) strangers.delete(target);
    const [first] = own;
    if (first !== undefined) {
      const [target, host] = first;
      hosts.set(name, { ...host, ...(target !== address && { sshAddress: target }) });
      const connection = open.get(target);
      if (connection !== undefined) open.set(name, connection);
    } else if (address !== '' && nodeParts(node).status?.nodeInfo?.operatingSystem !== 'windows')
      others.push({ name, address });
  }
  if (strangers.size > 0)
    throw refusal(
      [...strangers].map((address) => ({
        message: `--host ${address}: its machine is not a Node of this cluster`,
        remedy: remedies.oneCluster,
      })),
    );
  for (const [name, host] of await reach(others)) hosts.set(name, host);
  return { ...observed, hosts };
}

/** The machine of a Node is known by its ID, which the kubelet reports; of clones with the same ID, by its address. */
function isNodeOf(node: KubeObject, { inspection }: SeenHost, nodes: readonly KubeObject[]): boolean {
  const idOf = (of: KubeObject): string | undefined =>
    ((of['status'] ?? {}) as { readonly nodeInfo?: { readonly machineID?: string } }).nodeInfo?.machineID;
  if (inspection.machineId === '' || idOf(node) !== inspection.machineId) return false;
  if (nodes.filter((each) => idOf(each) === inspection.machineId).length === 1) return true;
  const held = inspection.addresses.map(({ address }) => address);
  return internalAddresses(node)
    .split(',')
    .some((address) => held.includes(address));
}
