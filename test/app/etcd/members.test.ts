import { expect, it } from 'vitest';
import { memberReports } from '../../../src/app/etcd/members.ts';
import { mostAdvanced } from '../../../src/app/etcd/snapshot.ts';
import { asked, askedEtcd, member, silent } from './asked.ts';

const told = (etcd: Parameters<typeof memberReports>[0]): string[] =>
  memberReports(etcd).map(({ name, leader, healthy, problem }) =>
    [name, ...(leader ? ['leads'] : []), healthy ? 'healthy' : problem].join(' | '),
  );

it('reports every member by name', () => {
  const etcd = askedEtcd([asked(2), asked(1), asked(3)], [member(3), member(1), member(2)]);
  expect(told(etcd)).toEqual(['etcd-1 | leads | healthy', 'etcd-2 | healthy', 'etcd-3 | healthy']);
  expect(memberReports(etcd)[0]).toEqual({
    ...{ name: 'etcd-1', id: '65', wanted: true, learner: false, leader: true, healthy: true, problem: '' },
    alarms: [],
    state: {
      ...{ version: '3.6.8', dbSize: 40e6, dbSizeInUse: 10e6 },
      ...{ raftIndex: 2000, raftTerm: 2, revision: 1500 },
    },
  });
});

it.each([
  [
    'one that does not answer',
    askedEtcd([asked(1), silent(2)], [member(1), member(2)]),
    ['etcd-1 | leads | healthy', 'etcd-2 | Connection refused'],
  ],
  [
    'one without a leader',
    askedEtcd([{ ...asked(1, { leader: '0' }), healthy: false }, silent(2)], [member(1), member(2)]),
    ['etcd-1 | there is no leader: etcd has lost its quorum', 'etcd-2 | Connection refused'],
  ],
  [
    'one that knows a leader and is cut off',
    askedEtcd([asked(1), { ...asked(2), healthy: false }], [member(1), member(2)]),
    ['etcd-1 | leads | healthy', 'etcd-2 | it does not answer a read through the quorum'],
  ],
  [
    'one with an alarm',
    askedEtcd([asked(1), asked(2)], [member(1), member(2)], [{ memberId: '102', alarm: 'NOSPACE' }]),
    ['etcd-1 | leads | healthy', 'etcd-2 | NOSPACE'],
  ],
  [
    'one whose host left the inventory, and a host that is no member',
    askedEtcd([asked(1), silent(2)], [member(1), member(4, { name: '' })]),
    [
      'etcd-1 | leads | healthy',
      'etcd-2 | it is not a member',
      'https://10.0.0.34:2380 | its host is not in the inventory',
    ],
  ],
  ['hosts of which none answers', askedEtcd([silent(1)], []), ['etcd-1 | Connection refused']],
])('%s is not healthy', (_title, etcd, lines) => {
  expect(told(etcd)).toEqual(lines);
});

it('the most advanced member has the latest term, then the last entry; a learner is the last resort', () => {
  const names = mostAdvanced({
    hosts: [
      asked(1, { raftTerm: 2, raftAppliedIndex: 9999 }),
      silent(2),
      asked(3, { raftTerm: 3, raftAppliedIndex: 12 }),
      asked(4, { raftTerm: 3, raftAppliedIndex: 13 }),
      asked(5, { raftTerm: 4, raftAppliedIndex: 20_000, isLearner: true }),
    ],
  }).map(({ host }) => host.name);
  expect(names).toEqual(['etcd-4', 'etcd-3', 'etcd-1', 'etcd-5']);
});
