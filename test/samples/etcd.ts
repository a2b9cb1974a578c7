import type { EtcdMember } from '../../src/etcd/client.ts';
import type { InitialCluster } from '../../src/model/etcd.ts';
import type { EtcdHost } from '../../src/observe/etcd.ts';
import type { EtcdObservation } from '../../src/observe/etcd.ts';

const addressOf = (name: string): string => `10.0.0.3${name.replace('etcd-', '')}`;

/** A host of the inventory with its member's data; `more` changes it. */
export function etcdHost(name: string, more: Partial<EtcdHost> = {}): EtcdHost {
  const address = addressOf(name);
  const peerURL = `https://${address}:2380`;
  return { name, address, peerURL, data: 'present', startedWith: undefined, ...more };
}

/** A member that started and votes; its ID is its name's number. */
export function etcdMember(name: string, more: Partial<EtcdMember> = {}): EtcdMember {
  const address = addressOf(name);
  return {
    id: name.replace('etcd-', ''),
    name,
    peerURLs: [`https://${address}:2380`],
    clientURLs: [`https://${address}:2379`],
    isLearner: false,
    ...more,
  };
}

/** A learner that was added and never started. */
export function announced(name: string): EtcdMember {
  return etcdMember(name, { name: '', clientURLs: [], isLearner: true });
}

/** A cluster with a quorum; all but `down` are healthy, learners never are. */
export function present(members: readonly EtcdMember[], down: readonly string[] = []): EtcdObservation {
  const well = members.filter(({ name, isLearner }) => !isLearner && !down.includes(name));
  return { state: 'present', members, healthy: new Set(well.map(({ id }) => id)) };
}

/** Flags with these members in `--initial-cluster`. */
export function flags(state: InitialCluster['state'], ...names: readonly string[]): InitialCluster {
  return { state, initialCluster: names.map((name) => ({ name, address: addressOf(name) })) };
}
