import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAt, type KbootResult } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  clusterSite,
  eventually,
  expectNothingToDo,
  hasClusterBundle,
  running,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';

const planes = ['cp-1', 'cp-2', 'cp-3'];
const hosts = planes.map((name, index) => ({
  name,
  roles: ['control-plane', 'worker'],
  address: `10.77.9.1${index + 1}`,
}));

interface Member {
  readonly name: string;
  readonly healthy: boolean;
  readonly state?: { readonly revision: number };
}

describe.runIf(hasClusterBundle)(`etcd: snapshot, restore, lost quorum${unlessSkipped}`, () => {
  let site: ClusterSite;
  let snapshot: string;

  beforeAll(async () => {
    site = await clusterSite('etcdrestore', hosts, {
      spec: { loadBalancer: { virtualIP: '10.77.9.100', port: 8443 } },
    });
    tellTime('up', await site.kboot('up', ['--yes']));
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['-n', 'drill', 'create', 'configmap', 'before', '--from-literal=a=b']);
    await site.kube(['-n', 'drill', 'create', 'secret', 'generic', 'key', '--from-literal=word=sesame']);
  }, 900_000);
  afterAll(async () => {
    await site.close();
  });

  const members = async (): Promise<readonly Member[]> =>
    (await site.kboot('etcd members', ['-o', 'json'])).events[0]?.['members'] as readonly Member[];
  const names = async (kind: string): Promise<string> =>
    site.kube(['-n', 'drill', 'get', kind, '-o', 'jsonpath={.items[*].metadata.name}']);
  const write = (name: string): Promise<string> =>
    site.kube(['-n', 'drill', 'create', 'configmap', name, '--from-literal=a=b']);

  /** Objects and Secrets are there and readable, the cluster works, and nothing is left to do. */
  async function expectWell(present: readonly string[], absent: readonly string[]): Promise<void> {
    const found = (await names('configmap')).split(' ');
    expect(found).toEqual(expect.arrayContaining([...present]));
    expect(found.filter((name) => absent.includes(name))).toEqual([]);
    expect(await site.kube(['-n', 'drill', 'get', 'secret', 'key', '-o', 'jsonpath={.data.word}'])).toBe(
      Buffer.from('sesame').toString('base64'),
    );
    expect((await members()).map(({ name, healthy }) => `${name} ${healthy ? 'healthy' : 'sick'}`)).toEqual(
      planes.map((name) => `${name} healthy`),
    );
    // Pods that the snapshot does not know, or that it knows and are gone, are settled first.
    await eventually(180, async () => {
      const verify = await site.kboot('verify');
      expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    });
    await expectNothingToDo(site);
  }

  it('takes a snapshot, lists it, shows members, defragments', async () => {
    const shown = await site.kboot('etcd members');
    process.stdout.write(shown.stdout);
    expect(shown).toMatchObject({ exitCode: 0 });
    const taken = await site.kboot('etcd snapshot', ['-o', 'json']);
    expect(taken, taken.stderr).toMatchObject({
      exitCode: 0,
      events: [{ type: 'etcd-snapshot', intact: true }],
    });
    snapshot = String(taken.events[0]?.['file']);
    const list = await site.kboot('etcd list');
    process.stdout.write(list.stdout);
    expect(list.stdout).toMatch(/v1\.36\.2 +kboot etcd snapshot +intact/);
    const defrag = await site.kboot('etcd defrag', ['--force', '-o', 'json']);
    expect(defrag, defrag.stderr).toMatchObject({ exitCode: 0 });
    expect(defrag.events.map(({ type, done }) => [type, done])).toEqual(
      planes.map(() => ['etcd-defragmented', true]),
    );
    process.stdout.write(defrag.stdout);
  }, 120_000);

  it('refuses a damaged snapshot, one cut off, and another file, before anything stops', async () => {
    const before = await Promise.all(planes.map((host) => running(site, host)));
    const bytes = readFileSync(snapshot);
    const damaged = Buffer.from(bytes);
    damaged[damaged.length - 5000] = (damaged[damaged.length - 5000] ?? 0) ^ 1;
    for (const [name, content] of [
      ['damaged.db', damaged],
      ['cut.db', bytes.subarray(0, bytes.length - 1)],
      ['text.db', Buffer.from('no database')],
    ] as const) {
      const file = join(site.dir, name);
      writeFileSync(file, content);
      const result = await site.kboot('etcd restore', [file, '--yes']);
      process.stdout.write(result.stderr);
      expect(result, result.stderr).toMatchObject({ exitCode: 3 });
      expect(result.stderr).toContain('E-SNAPSHOT');
    }
    const quorum = await site.kboot('etcd restore', ['--from-survivor', '--yes']);
    expect(quorum, quorum.stderr).toMatchObject({ exitCode: 5 });
    expect(await Promise.all(planes.map((host) => running(site, host)))).toEqual(before);
  }, 120_000);

  it('restores after the data of all members were deleted', async () => {
    await write('later');
    const revision = (await members())[0]?.state?.revision ?? 0;
    for (const host of planes) await output(site.lab, host, 'rm -rf /var/lib/etcd/*; ls -A /var/lib/etcd');
    const result = await site.kboot('etcd restore', [snapshot, '--yes']);
    process.stdout.write(result.stdout + result.stderr);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    await expectWell(['before'], ['later']);
    expect((await members())[0]?.state?.revision).toBeGreaterThan(revision + 900_000_000);
  }, 600_000);

  it('goes on after kill -9 at any step', async () => {
    await write('between');
    const run = (options: Parameters<typeof site.kboot>[2]): Promise<KbootResult> =>
      site.kboot('etcd restore', [snapshot, '--yes', '-o', 'json'], options);
    const at =
      (type: string, step: RegExp) =>
      (event: { readonly type: string; readonly step?: string }): boolean =>
        event.type === type && step.test(event.step ?? '');
    await killAt('while data are prepared', run, at('start', /prepare etcd/));
    await killAt('while hosts stop', run, at('done', /stop etcd/));
    await killAt('while data are exchanged', run, at('done', /: restore etcd/));
    await killAt('after the first start', run, at('done', /: start etcd/));
    const result = await run({});
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    await expectWell(['before'], ['later', 'between']);
    for (const host of planes)
      expect(await output(site.lab, host, 'ls /var/lib/etcd; ls /var/lib/etcd/former/*')).toBe(
        'former\nmember\nmember',
      );
  }, 900_000);

  it('two of three control planes are destroyed: goes on with the last one, back to three', async () => {
    await write('kept');
    await Promise.all(['cp-2', 'cp-3'].map((host) => site.lab.replace(host)));
    const sick = await site.kboot('etcd members');
    process.stdout.write(sick.stdout);
    expect(sick.exitCode).toBe(1);
    // Without a quorum, too.
    const alone = await site.kboot('etcd snapshot', ['-o', 'json']);
    expect(alone, alone.stderr).toMatchObject({ exitCode: 0, events: [{ member: 'cp-1', intact: true }] });
    const refused = await site.kboot('up', ['--yes']);
    expect(refused, refused.stderr).toMatchObject({ exitCode: 5 });
    const result = await site.kboot('etcd restore', ['--from-survivor', '--yes']);
    process.stdout.write(result.stdout + result.stderr);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect((await names('configmap')).split(' ')).toContain('kept');
    tellTime('up', await site.kboot('up', ['--yes']));
    await expectWell(['before', 'kept'], []);
  }, 900_000);

  it('restores onto three fresh hosts, which up then completes', async () => {
    const folder = join(site.dir, '.kboot/etcdrestore/snapshots');
    copyFileSync(snapshot, join(folder, 'copy.db'));
    expect(readdirSync(folder)).toContain('copy.db');
    await Promise.all(planes.map((host) => site.lab.replace(host)));
    const bare = await site.kboot('etcd restore', ['copy.db', '--yes']);
    expect(bare, bare.stderr).toMatchObject({ exitCode: 5 });
    tellTime('up --until runtime', await site.kboot('up', ['--yes', '--until', 'runtime']));
    const result = await site.kboot('etcd restore', ['copy.db', '--yes']);
    process.stdout.write(result.stdout + result.stderr);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    tellTime('up', await site.kboot('up', ['--yes']));
    await expectWell(['before'], ['later', 'between', 'kept']);
  }, 900_000);
});

/** A run must succeed; its last line has the seconds. */
function tellTime(title: string, result: KbootResult): void {
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  process.stdout.write(`${title}: ${result.stdout.trimEnd().split('\n').at(-1) ?? ''}\n`);
}
