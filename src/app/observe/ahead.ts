import { etcdHosts, type Host } from '../../model/cluster.ts';
import type { ClusterObservation } from '../../observe/cluster.ts';
import type { EncryptionFiles, Stored } from '../../observe/encryption.ts';
import type { MemberAnswer } from '../../observe/etcd.ts';
import type { Known } from '../../plan/decide.ts';
import { needsApi } from '../../plan/desired.ts';
import { reaches } from '../../plan/scope.ts';
import type { HostConnection } from '../../transport/types.ts';
import { apiCredentials } from '../credentials.ts';
import type { Workspace } from '../workspace.ts';
import { mayEncrypt, readStored } from './encryption.ts';
import { askEndpoint, type AskedEndpoint } from './endpoint.ts';
import { memberSources } from './etcd.ts';

/**
 * What the hosts of a cluster that exists are asked beside their probes, each as soon as it is connected: its API server,
 * its etcd member, what it encrypts with, the external endpoint. What is missing here is asked once the probes say who serves.
 * Never rejects.
 */
export class Ahead {
  /** Through the first control plane that was connected. */
  api: Promise<ClusterObservation | undefined> | undefined;
  /** Versions that API servers serve, by host. */
  readonly served = new Map<string, Promise<string | undefined>>();
  readonly members = new Map<string, Promise<MemberAnswer | undefined>>();
  readonly encryption = new Map<string, Promise<EncryptionFiles | undefined>>();
  /** Through the first worker that was connected. */
  endpoint: AskedEndpoint | undefined;
  /** Through the first member that was connected. */
  stored: Promise<Stored | undefined> | undefined;

  readonly #workspace: Workspace;
  readonly #known: Known;

  constructor(workspace: Workspace, known: Known) {
    this.#workspace = workspace;
    this.#known = known;
  }

  /** Begins to ask a host. */
  connected(host: Host, connection: HostConnection): void {
    const { cluster, pki } = this.#workspace;
    const { scope, desired } = this.#known;
    const { reader } = connection;
    const { name, address } = host;
    if (!pki.isIssued('ca')) return;
    const encrypts = cluster.encryption !== undefined && mayEncrypt(cluster, scope);
    if (host.roles.includes('control-plane')) {
      if (needsApi(desired)) {
        const credentials = apiCredentials(pki);
        const askVersion = async (): Promise<string | undefined> => {
          const { observeServedVersion } = await import('../../observe/served.ts');
          return await observeServedVersion(reader, address, credentials);
        };
        const isFirst = this.api === undefined;
        this.api ??= settled(async () => {
          const { observeCluster } = await import('../../observe/cluster.ts');
          return await observeCluster(reader, address, credentials, desired);
        });
        this.served.set(name, isFirst ? versionIn(this.api) : settled(askVersion));
      }
      if (encrypts)
        this.encryption.set(
          name,
          settled(async () => {
            const { readEncryptionFiles } = await import('../../observe/encryption.ts');
            return await readEncryptionFiles(reader);
          }),
        );
    }
    if (!host.roles.includes('control-plane'))
      this.endpoint ??= askEndpoint(this.#workspace, scope, host, reader);
    if (!reaches(scope, 'etcd')) return;
    const open = new Map([[name, connection]]);
    const [source] = memberSources(etcdHosts(cluster), pki, { open });
    if (source === undefined) return;
    this.members.set(
      name,
      settled(async () => {
        const { askMember } = await import('../../observe/etcd.ts');
        return await askMember(source);
      }),
    );
    if (encrypts) this.stored ??= settled(() => readStored(this.#workspace, { open }));
  }
}

/** What the API server that was asked for everything said of itself. */
async function versionIn(asked: Promise<ClusterObservation | undefined>): Promise<string | undefined> {
  const api = await asked;
  return api?.state === 'present' ? api.version : undefined;
}

/** Nobody may be waiting yet when it fails. */
async function settled<T>(ask: () => Promise<T>): Promise<T | undefined> {
  return await ask().catch(() => undefined);
}
