import { openEtcd, type EtcdClient, type EtcdCredentials, type EtcdMember } from '../etcd/client.ts';
import type { EtcdSeen } from '../plan/etcd-membership.ts';
import type { Reader } from '../transport/types.ts';

/** A host whose member may be asked. */
export interface EtcdSource {
  readonly name: string;
  readonly address: string;
  readonly reader: Reader;
  readonly credentials: EtcdCredentials;
}

/**
 * Asks the members, one after another, for the member list, and each whether it serves. `silent` when there
 * are sources and none answers with a quorum.
 */
export async function observeEtcd(sources: readonly EtcdSource[]): Promise<EtcdSeen> {
  if (sources.length === 0) return { state: 'absent' };
  const clients = await Promise.all(sources.map(openOrNothing));
  try {
    let members: readonly EtcdMember[] | undefined;
    for (const client of clients) members ??= await client?.members().catch(() => undefined);
    if (members === undefined) return { state: 'silent' };
    const healthy = new Set<string>();
    await Promise.all(
      sources.map(async ({ name }, index) => {
        const own = members.find((member) => member.name === name);
        if (own !== undefined && (await clients[index]?.healthy()) === true) healthy.add(own.id);
      }),
    );
    return healthy.size === 0 ? { state: 'silent' } : { state: 'present', members, healthy };
  } finally {
    for (const client of clients) client?.close();
  }
}

async function openOrNothing(source: EtcdSource): Promise<EtcdClient | undefined> {
  try {
    return await openEtcd(await source.reader.forward(source.address, 2379), source.name, source.credentials);
  } catch {
    return undefined;
  }
}
