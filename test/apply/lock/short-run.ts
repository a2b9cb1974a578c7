import { takeClusterLock } from '../../../src/apply/lock/cluster-lock.ts';
import { leaseApi } from './lease-api.ts';

/** A run that has and gives up the lock as a Lease. Prints for how many milliseconds its process then lasts. */
const lock = await takeClusterLock({
  ...{ writers: [], hosts: [], api: leaseApi(), say: () => undefined },
  holder: {
    ...{
      token: 'a'.repeat(32),
      run: 'a'.repeat(16),
      command: 'kboot up prod.yaml',
      user: 'me',
      host: 'here',
    },
    ...{ pid: 1, machine: 'this', started: '1', since: '2026-11-28T08:00:00.123Z' },
  },
});
await lock.release(false);
const ended = performance.now();
process.once('exit', () => {
  process.stdout.write(`${Math.round(performance.now() - ended)}\n`);
});
