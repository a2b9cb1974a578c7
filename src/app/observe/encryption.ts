import { parseEncryption } from '../../desire/text/encryption.ts';
import { extraValue } from '../../desire/text/args.ts';
import { etcdPrefix } from '../../desire/text/kube-apiserver.ts';
import type { EtcdClient } from '../../etcd/client.ts';
import { etcdHosts, hostsWith, type Cluster } from '../../model/cluster.ts';
import {
  encryptableResources,
  encryptionFlag,
  encryptionPath,
  wantedFor,
  type EncryptableResource,
  type StoredAs,
} from '../../model/encryption.ts';
import { KbootError } from '../../model/error.ts';
import type { Inspection } from '../../model/inspection.ts';
import type {
  EncryptionFiles,
  EncryptionObservation,
  ServerEncryptionSeen,
  Stored,
} from '../../observe/encryption.ts';
import type { HostObservation } from '../../observe/probe.ts';
import { reaches, type PlanScope } from '../../plan/scope.ts';
import type { Workspace } from '../workspace.ts';
import type { Connections } from './connect.ts';
import { memberSources } from './etcd.ts';

/**
 * What API servers encrypt with, and how etcd holds the objects; undefined if nothing is or was encrypted, or the plan
 * ends before the API servers. Keys that the state folder lacks are added to those of the workspace.
 */
export async function observeEncryption(
  workspace: Workspace,
  scope: PlanScope,
  inspections: ReadonlyMap<string, Inspection>,
  connections: Connections,
  asked: {
    readonly encryption?: ReadonlyMap<string, Promise<EncryptionFiles | undefined>>;
    readonly stored?: Promise<Stored | undefined> | undefined;
  } = {},
): Promise<EncryptionObservation | undefined> {
  const { cluster } = workspace;
  if (!mayEncrypt(cluster, scope)) return undefined;
  const planes = hostsWith(cluster, 'control-plane');
  const isUsed = planes.some(({ name }) => inspections.get(name)?.encrypts === true);
  if (cluster.encryption === undefined && !isUsed) return undefined;
  const { readEncryptionFiles } = await import('../../observe/encryption.ts');
  const conflicts: { host: string; key: StoredAs }[] = [];
  const servers = new Map<string, ServerEncryptionSeen>();
  const read = await Promise.all(
    planes.map(async ({ name }) => {
      const reader = connections.open.get(name)?.reader;
      // What cannot be read is not known, on that host.
      if (reader === undefined || !inspections.has(name)) return { name, files: undefined };
      const files = await asked.encryption?.get(name);
      return { name, files: files ?? (await readEncryptionFiles(reader).catch(() => undefined)) };
    }),
  );
  for (const { name, files } of read) {
    if (files === undefined) continue;
    const parsed = files.file && parseEncryption(files.file.text);
    for (const [key, material] of parsed?.keys ?? []) {
      const own = workspace.encryptionKeys.get(key);
      if (own === undefined) workspace.encryptionKeys.set(key, material);
      // A plugin may get another socket.
      else if (material.kind === 'key' && (own.kind !== 'key' || own.secret !== material.secret))
        conflicts.push({ host: name, key });
    }
    servers.set(name, {
      isServer: files.isServer,
      uses: files.flag === '' ? 'nothing' : files.flag === encryptionPath ? 'kboot' : 'other',
      config: parsed?.config,
      digest: files.file?.digest,
    });
  }
  const holds = etcdHosts(cluster).some(({ name }) => inspections.get(name)?.etcdData !== 'absent');
  const isNew = cluster.etcd.external === undefined && !holds;
  if (isNew) return { servers, conflicts, stored: new Map() };
  return { servers, conflicts, stored: (await asked.stored) ?? (await readStored(workspace, connections)) };
}

/** Whether kboot states what API servers encrypt with: the operator's own file is the operator's. */
export function mayEncrypt(cluster: Cluster, scope: PlanScope): boolean {
  return (
    reaches(scope, 'control-plane') && extraValue(cluster.apiServer.extraArgs, encryptionFlag) === undefined
  );
}

/** A host's observation with that of kboot's file, which only some of its desired states have. */
export function withEncryptionFile(
  seen: HostObservation,
  server: ServerEncryptionSeen | undefined,
): HostObservation {
  const id = `file ${encryptionPath}`;
  if (server === undefined || seen.observations.has(id)) return seen;
  const found = { mode: '600', digest: server.digest };
  const observation =
    server.digest === undefined ? { state: 'absent' as const } : { state: 'present' as const, found };
  return { ...seen, observations: new Map([...seen.observations, [id, observation]]) };
}

/** How objects are stored, through the first member that answers; undefined if none does. */
export async function readStored(
  workspace: Workspace,
  connections: Pick<Connections, 'open'>,
  resources: readonly EncryptableResource[] = encryptableResources,
): Promise<Stored | undefined> {
  const { countStored } = await import('../../etcd/stored-as.ts');
  const { cluster } = workspace;
  return await withAnyMember(workspace, connections, async (client) => {
    const stored = new Map<EncryptableResource, ReadonlyMap<StoredAs, number>>();
    for (const resource of resources)
      stored.set(
        resource,
        await countStored(client, `${etcdPrefix(cluster)}/${resource}/`, wantedFor(cluster, resource)),
      );
    return stored;
  });
}

async function withAnyMember<T>(
  workspace: Workspace,
  connections: Pick<Connections, 'open'>,
  action: (client: EtcdClient) => Promise<T>,
): Promise<T | undefined> {
  for (const open of await members(workspace, connections)) {
    let client: EtcdClient | undefined;
    try {
      client = await open();
      return await action(client);
    } catch (error) {
      // The next member is asked; an answer that none gives is unknown.
      if (!(error instanceof KbootError)) throw error;
    } finally {
      client?.close();
    }
  }
  return undefined;
}

/** How to connect to the members of kboot's own etcd, or of the one that someone else runs, through a control plane. */
async function members(
  { cluster, pki, foreignEtcd }: Workspace,
  connections: Pick<Connections, 'open'>,
): Promise<readonly (() => Promise<EtcdClient>)[]> {
  const { external } = cluster.etcd;
  if (external === undefined) {
    const { openMember } = await import('../../observe/etcd.ts');
    return memberSources(etcdHosts(cluster), pki, connections).map((source) => () => openMember(source));
  }
  const { openEndpoint } = await import('../../observe/foreign-etcd.ts');
  const [reader] = hostsWith(cluster, 'control-plane').flatMap(
    ({ name }) => connections.open.get(name)?.reader ?? [],
  );
  if (reader === undefined || foreignEtcd === undefined) return [];
  return external.endpoints.map((endpoint) => () => openEndpoint(reader, endpoint, foreignEtcd));
}
