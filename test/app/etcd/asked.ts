import type { AskedEtcd, AskedMember } from '../../../src/app/etcd/members.ts';
import type { EtcdClient, EtcdMember, EtcdMemberState } from '../../../src/etcd/client.ts';
import { host } from '../../samples/pki.ts';

/** The host etcd-N, whose member answers; `more` overrides what it says. */
export function asked(
  number: number,
  more: Partial<EtcdMemberState> = {},
  client?: Partial<EtcdClient>,
): AskedMember {
  return {
    host: host(`etcd-${number}`, `10.0.0.3${number}`, 'etcd'),
    client: client as EtcdClient | undefined,
    healthy: true,
    why: '',
    state: {
      ...{ id: `10${number}`, version: '3.6.8', leader: '101', dbSize: 40e6, dbSizeInUse: 10e6 },
      ...{ raftAppliedIndex: 2000, raftTerm: 2, revision: 1500, isLearner: false },
      ...more,
    },
  };
}

/** A host whose member does not answer. */
export function silent(number: number): AskedMember {
  return {
    ...asked(number),
    ...{ client: undefined, state: undefined, healthy: false, why: 'Connection refused' },
  };
}

export function member(number: number, more: Partial<EtcdMember> = {}): EtcdMember {
  return {
    ...{ id: `10${number}`, name: `etcd-${number}`, peerURLs: [`https://10.0.0.3${number}:2380`] },
    ...{ clientURLs: [`https://10.0.0.3${number}:2379`], isLearner: false },
    ...more,
  };
}

export function askedEtcd(
  hosts: readonly AskedMember[],
  members: readonly EtcdMember[],
  alarms: AskedEtcd['alarms'] = [],
): AskedEtcd {
  return {
    ...{ hosts, members, alarms },
    connections: { open: new Map(), failed: new Map(), close: () => Promise.resolve() },
    close: () => Promise.resolve(),
  };
}
