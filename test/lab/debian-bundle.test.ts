import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDebianBundle } from './debian-bundle.ts';
import { createLab } from './lab.ts';
import { $ } from './shell.ts';

let dir: string;

beforeAll(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'kboot-bundle-')), 'bundle');
  await makeDebianBundle(dir);
});

afterAll(() => rm(join(dir, '..'), { recursive: true, force: true }));

async function index(): Promise<{ files: { path: string; size: number; sha256: string }[] }> {
  return JSON.parse(await readFile(join(dir, 'bundle.json'), 'utf8')) as Awaited<ReturnType<typeof index>>;
}

test('the index names every file with its size and sum', async () => {
  const { files } = await index();
  const names = files.map(({ path }) => path.replace(/\d+\.\d+\.\d+/, 'N'));
  expect(names).toEqual([
    'archives/linux-amd64/cni-plugins-linux-amd64-vN.tgz',
    'archives/linux-amd64/containerd-N-linux-amd64.tar.gz',
    'archives/linux-amd64/etcd-vN-linux-amd64.tar.gz',
    'bin/linux-amd64/kubectl',
    'bin/linux-amd64/runc',
  ]);
  for (const { path, size, sha256 } of files) {
    const bytes = await readFile(join(dir, path));
    expect([bytes.length, createHash('sha256').update(bytes).digest('hex')], path).toEqual([size, sha256]);
  }
});

test('archives are shaped as upstream ships them', async () => {
  const listing = async (start: string): Promise<string[]> => {
    const path = (await index()).files.find((file) => file.path.includes(start))?.path ?? '';
    return (await $`tar -tzf ${join(dir, path)}`).stdout.trim().split('\n');
  };
  expect(await listing('/containerd-')).toEqual(['bin/containerd', 'bin/containerd-shim-runc-v2', 'bin/ctr']);
  expect(await listing('/cni-plugins-')).toEqual(
    expect.arrayContaining(['./bridge', './host-local', './loopback']),
  );
  const etcd = (await listing('/etcd-')).map((name) => name.replace(/^etcd-v[\d.]+-linux-amd64\//, ''));
  expect(etcd).toEqual(expect.arrayContaining(['etcd', 'etcdctl', 'etcdutl']));
});

test('the programs run on a lab host', async () => {
  const lab = await createLab({ name: 'bundle', hosts: [{ name: 'one', address: '10.78.1.11' }] });
  try {
    await $`tar -C ${dir} -cf ${join(dir, '../all.tar')} archives bin`;
    const send = await lab.exec([
      'sh',
      '-c',
      `${quoted(lab.sshArgv('one'))} 'mkdir /opt/b && tar -C /opt/b -x' < ${join(dir, '../all.tar')}`,
    ]);
    expect(send).toMatchObject({ exitCode: 0 });
    const script = `set -e
      cd /opt/b && for f in archives/*/*; do mkdir -p /opt/x && tar -C /opt/x -xzf $f; done
      bin/*/runc --version; bin/*/kubectl version --client
      /opt/x/bin/containerd --version; /opt/x/bin/ctr --version; /opt/x/etcd-*/etcd --version; /opt/x/etcd-*/etcdctl version
      CNI_COMMAND=VERSION /opt/x/bridge </dev/null`;
    const result = await lab.ssh('one', script);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toMatch(/containerd .* 2\./);
    expect(result.stdout).toMatch(/etcd Version: 3\./);
  } finally {
    await lab.down();
  }
});

function quoted(argv: readonly string[]): string {
  return argv.map((arg) => `'${arg}'`).join(' ');
}
