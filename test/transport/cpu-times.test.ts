import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { reportTimes, sumOfTimes, takeTimes } from '../../src/transport/cpu-times.ts';

const shells = ['dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);
const busy = 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done';

describe.each(shells)('the CPU time of a script in %s', (shell) => {
  const run = (script: string): SpawnSyncReturns<string> =>
    spawnSync(shell, ['-s'], { input: `{ :\n${reportTimes}\n${script}\n} </dev/null\n`, encoding: 'utf8' });

  it('counts the shell and its commands, and leaves output and status as they were', () => {
    const { stdout, stderr, status } = run(`echo out; echo err >&2; ${shell} -c '${busy}'; exit 3`);
    const taken = takeTimes(stderr);
    expect({ stdout, status, stderr: taken.stderr }).toEqual({ stdout: 'out\n', status: 3, stderr: 'err\n' });
    expect(taken.seconds).toBeGreaterThan(0.01);
    expect(taken.seconds).toBeLessThan(60);
  });

  it('is 0 for a script that was killed', () => {
    const { stderr } = run('echo err >&2; kill -9 $$');
    expect(takeTimes(stderr)).toEqual({ stderr: 'err\n', seconds: 0 });
  });
});

describe('sumOfTimes', () => {
  it('takes what shells print, and nothing else', () => {
    expect(sumOfTimes(['0m0.120s', '1m2.003s', '0m0,5s', '0m0.000000s'])).toBe(62.623);
    expect(sumOfTimes(['1e9m1.0s', '-1m0.0s', 'x', '99999999m0.0s', ''])).toBe(0);
  });
});
