import './no-color.ts';
import { expect, it } from 'vitest';
import { defragText, membersText, snapshotsText } from '../../src/view/etcd-text.ts';

const state = {
  version: '3.6.8',
  dbSize: 20_648_960,
  dbSizeInUse: 3e9,
  raftIndex: 7,
  raftTerm: 2,
  revision: 5,
};
const sound = { id: 'a1', wanted: true, learner: false, healthy: true, problem: '', alarms: [] };

it('shows members with their state, and why one is not healthy', () => {
  const silent = { ...sound, name: 'cp-2', leader: false, healthy: false, problem: 'Connection refused' };
  expect(membersText('prod', [{ ...sound, name: 'cp-1', leader: true, state }, silent])).toBe(
    `member  id  version  role    database   in use  raft index  revision
cp-1    a1  3.6.8    leader   20.6 MB  3.00 GB           7         5  healthy
cp-2    a1  -        -              -        -           -         -  not healthy

cp-2: Connection refused
prod: 1 of 2 members not healthy`,
  );
});

it('shows snapshots with their age and what made them', () => {
  const one = {
    size: 5e6,
    taken: '',
    intact: true,
    cause: 'manual',
    revision: 5,
    etcdVersion: '3.6.0',
  } as const;
  const text = snapshotsText('/s', [
    { ...one, file: '/s/a.db', ageSeconds: 119, kubernetesVersion: 'v1.36.2' },
    { ...one, file: '/s/b.db', ageSeconds: 7199, cause: 'upgrade', to: 'v1.36.2' },
    { ...one, file: '/s/c.db', ageSeconds: 172_799, cause: 'members' },
    { file: '/s/d.db', size: 12, taken: '', ageSeconds: 864_000, intact: false, cause: 'unknown' },
  ]);
  expect(text).toBe(
    `snapshot      age    size  revision  etcd   Kubernetes  taken
a.db        119 s  5.0 MB         5  3.6.0  v1.36.2     kboot etcd snapshot            intact
b.db      120 min  5.0 MB         5  3.6.0  -           before the upgrade to v1.36.2  intact
c.db         48 h  5.0 MB         5  3.6.0  -           before members changed         intact
d.db      10 days  0.0 MB         -  -      -           not kboot                      DAMAGED

in /s`,
  );
  expect(snapshotsText('/s', [])).toMatch(/no snapshots/);
});

it('says what a defragmentation gained', () => {
  const result = { member: 'cp-1', before: 4e7, after: 1e7, seconds: 0.41 };
  expect(defragText({ ...result, done: true })).toBe('cp-1: 40.0 MB became 10.0 MB in 0.4 s');
  expect(defragText({ ...result, done: false })).toMatch(/left as it is/);
});
