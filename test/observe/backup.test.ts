import { expect, it } from 'vitest';
import { readBackup } from '../../src/observe/backup.ts';

const read = (lines: Readonly<Record<string, string>>) => readBackup((key) => lines[key] ?? '');
const waiting = { 'backup-waits': 'enabled active', 'backup-unit': 'inactive', 'backup-now': '1000' };

it('reads what a host says of its backups', () => {
  expect(read({})).toBeUndefined();
  expect(read(waiting)).toMatchObject({ waits: true, result: '', good: 0, due: 0, running: false });
  expect(
    read({
      ...waiting,
      'backup-result': 'failed',
      'backup-at': '900',
      'backup-why': 'a=b',
      'backup-good': '1',
    }),
  ).toMatchObject({ result: 'failed', at: 900, why: 'a=b', good: 1 });
  expect(read({ ...waiting, 'backup-waits': 'enabled inactive' })).toMatchObject({ waits: false });
});

it('tells a run that ended without saying how', () => {
  const failed = { ...waiting, 'backup-unit': 'failed' };
  expect(read({ ...failed, 'backup-result': 'good' })).toMatchObject({ result: 'cut' });
  expect(read({ ...failed, 'backup-result': 'failed' })).toMatchObject({ result: 'failed' });
});
