import { expect, it } from 'vitest';
import { observeForRestore } from '../../src/observe/restore.ts';
import type { Reader } from '../../src/transport/types.ts';

const answering = (stdout: string): Reader => ({
  ...{ host: 'cp-1', stats: { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 } },
  read: () => Promise.resolve({ stdout, stderr: '', exitCode: 0 }),
  forward: () => Promise.reject(new Error('not in this test')),
});

it('reads a host, and what an earlier run left there', async () => {
  const stdout = `clusterId=sha256:x
machine=aarch64
installed=1
apiServer=1
image=registry.k8s.io/etcd:3.6.8-0
has=registry.k8s.io/etcd:3.6.8-0
has=registry.k8s.io/etcd:3.6.5-0
etcd=present
db=20648960
free=1048576
record=abc digest 1764000000000 restored
end=1
`;
  expect(await observeForRestore(answering(stdout), '/var/lib/etcd')).toEqual({
    ...{ clusterId: 'sha256:x', architecture: 'arm64', installed: true, apiServer: true },
    etcdImage: 'registry.k8s.io/etcd:3.6.8-0',
    images: ['registry.k8s.io/etcd:3.6.8-0', 'registry.k8s.io/etcd:3.6.5-0'],
    ...{ etcdutl: false, data: 'present', databaseMiB: 20, freeMiB: 1024 },
    record: { id: 'abc', source: 'digest', bump: 1_764_000_000_000, state: 'restored' },
  });
});

it('takes a record that was cut off for none, and an answer that was cut off for an error', async () => {
  const seen = await observeForRestore(answering('record=abc dig\nend=1\n'), '/d');
  expect([seen.record, seen.data]).toEqual([undefined, 'unknown']);
  await expect(observeForRestore(answering('record=\n'), '/d')).rejects.toMatchObject({ code: 'E-PROBE' });
});
