import { describe, expect, it } from 'vitest';
import type { BackupSeen } from '../../../src/model/backup.ts';
import { backupState } from '../../../src/plan/backup/state.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { firstHost, single } from '../../samples/text.ts';

const host = firstHost(single({}));
const cluster: Cluster = single({
  hosts: ['cp-1', 'cp-2', 'cp-3'].map((name) => ({ ...host, name })),
  etcd: { ...single({}).etcd, backup: { schedule: 'hourly', keep: 7, directory: '/b' } },
});
const now = Date.UTC(2026, 10, 28, 12) / 1000;
const seen = (more: Partial<BackupSeen>): { readonly backup: BackupSeen } => ({
  backup: {
    ...{ waits: true, result: '', at: 0, why: '', good: 0, file: '', size: 0, stored: '', due: now + 3600 },
    ...{ running: false, now },
    ...more,
  },
});
const good = (at: number): Partial<BackupSeen> => ({
  result: 'good',
  at,
  good: at,
  file: '/b/etcd.db',
  size: 7,
});
const problems = (...hosts: readonly Partial<BackupSeen>[]): readonly string[] | undefined =>
  backupState(cluster, new Map(hosts.map((each, index) => [`cp-${index + 1}`, seen(each)])))?.problems.map(
    ({ host, message }) => `${host}: ${message}`,
  );

describe('backupState', () => {
  it('has the newest good snapshot of any host', () => {
    const state = backupState(
      cluster,
      new Map([
        ['cp-1', seen(good(now - 7200))],
        ['cp-2', seen(good(now - 60))],
        ['cp-3', seen({ result: 'left', at: now - 50 })],
      ]),
    );
    expect(state).toMatchObject({ last: { host: 'cp-2', ageSeconds: 60, file: '/b/etcd.db' }, problems: [] });
  });

  it('tells a failure until a later run is good, on whichever host', () => {
    const failed = { ...good(now - 7200), result: 'failed', at: now - 600, why: 'disk' } as const;
    expect(problems(failed, {})).toEqual(['cp-1: the backup of etcd at 2026-11-28T11:50:00Z failed: disk']);
    expect(problems(failed, good(now - 300))).toEqual([]);
    expect(problems(good(now - 300), { result: 'cut' })).toEqual([expect.stringContaining('journalctl')]);
  });

  it('tells one that is overdue, but not while it runs or a minute late', () => {
    const old = { ...good(now - 9000), due: now - 5400 };
    expect(problems(old)).toEqual([
      'cp-1: a backup of etcd was due at 2026-11-28T10:30:00Z; the last good one is of 2026-11-28T09:30:00Z',
    ]);
    expect(problems({ due: now - 5400 })).toEqual([
      'cp-1: a backup of etcd was due at 2026-11-28T10:30:00Z; none was ever taken',
    ]);
    expect(problems({ ...old, running: true })).toEqual([]);
    expect(problems({ ...old, due: now - 120 })).toEqual([]);
    expect(problems({ ...old, due: 0 })).toEqual([]);
  });

  it('tells a timer that does not run', () => {
    expect(problems(good(now - 60), { waits: false })).toEqual([
      'cp-2: the timer of the backups of etcd does not run',
    ]);
  });

  it('says nothing where there are to be none, or none is set up yet', () => {
    expect(backupState(single({}), new Map([['cp-1', seen({})]]))).toBeUndefined();
    expect(backupState(cluster, new Map([['cp-1', {}]]))).toBeUndefined();
  });
});
