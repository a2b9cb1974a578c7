import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { observeHost } from '../../../src/app/observe/host.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import type { Resource } from '../../../src/resource/types.ts';
import type { Reader } from '../../../src/transport/types.ts';

const wanted = ({ os }: HostFacts): readonly Resource[] => [
  { kind: 'module', stage: 'host', name: os.id, feature: '/' },
  { kind: 'swap', stage: 'host' },
];

it.each([
  ['debian', 1, ['module debian', 'swap swap']],
  ['rocky', 2, ['module debian', 'swap swap', 'module rocky']],
])('a host with %s is read in %i execs', async (id, execs, known) => {
  let read = 0;
  const reader: Reader = {
    host: 'h1',
    stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
    forward: () => Promise.reject(new Error('not in this test')),
    read(script) {
      read += 1;
      const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' });
      return Promise.resolve({
        stdout: stdout.replace(/^os=.*$/m, `os=${id}`).replace(/^machine=.*$/m, 'machine=x86_64'),
        stderr,
        exitCode: status,
      });
    },
  };
  const seen = await observeHost(reader, '127.0.0.1', wanted, {});
  expect([...seen.observations.keys()]).toEqual(known);
  expect(read).toBe(execs);
});
