import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KbootResult } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  clusterSite,
  eventually,
  expectNothingToDo,
  hasClusterBundle,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';
import { hasS3Server, s3Secret, startS3Server, unlessWithoutS3 } from './s3-server.ts';

const planes = ['cp-1', 'cp-2', 'cp-3'];
const hosts = planes.map((name, index) => ({
  name,
  roles: ['control-plane', 'worker'],
  address: `10.77.21.1${index + 1}`,
}));
const endpoint = 'http://10.77.21.1:7070';
const folder = '/var/backups/etcd';

interface Status {
  readonly healthy: boolean;
  readonly backup?: {
    readonly taken: string;
    readonly host: string;
    readonly file: string;
    readonly stored: string;
    readonly problems: readonly { readonly host: string; readonly message: string }[];
  };
}

describe.runIf(hasClusterBundle && hasS3Server)(`backups of etcd${unlessSkipped}${unlessWithoutS3}`, () => {
  let site: ClusterSite;
  let buckets: string;
  let running: ChildProcess;

  beforeAll(async () => {
    buckets = mkdtempSync(join(tmpdir(), 'kboot-s3-'));
    mkdirSync(join(buckets, 'backups'));
    site = await clusterSite('etcdbackup', hosts, {
      spec: { loadBalancer: { virtualIP: '10.77.21.100', port: 8443 }, etcd: { backup: backup({}) } },
    });
    running = startS3Server(site.lab, '10.77.21.1:7070', buckets);
    tellTime('up', await kboot('up', ['--yes']));
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['-n', 'drill', 'create', 'configmap', 'before', '--from-literal=a=b']);
    await site.kube(['-n', 'drill', 'create', 'secret', 'generic', 'key', '--from-literal=word=sesame']);
  }, 900_000);
  afterAll(async () => {
    running.kill();
    await site.close();
    rmSync(buckets, { recursive: true, force: true });
  });

  const backup = (more: object): object => ({
    schedule: '*:*:0/20',
    keep: 2,
    s3: { endpoint, bucket: 'backups', accessKeyId: 'kboot', secretAccessKeyEnv: 'DRILL_SECRET' },
    ...more,
  });
  const kboot = (verb: string, rest: readonly string[] = [], inventory?: string): Promise<KbootResult> =>
    site.kboot(verb, rest, {
      env: { DRILL_SECRET: s3Secret },
      ...(inventory !== undefined && { inventory }),
    });
  const status = async (inventory?: string): Promise<Status> =>
    (await kboot('status', ['-o', 'json'], inventory)).events[0] as unknown as Status;
  const on = (host: string, command: string): Promise<string> => output(site.lab, host, command);
  const take = (host: string): Promise<string> =>
    on(
      host,
      'systemctl start kboot-etcd-backup.service 2>&1; sed -n "s/^\\(result\\|why\\)=//p" /var/lib/kboot/etcd-backup',
    );
  const kept = async (host: string): Promise<readonly string[]> =>
    (await on(host, `ls -A ${folder}`)).split('\n').filter(Boolean);
  const objects = (): string[] => {
    const place = join(buckets, 'backups/etcdbackup');
    return existsSync(place) ? readdirSync(place).sort() : [];
  };
  /** Stops the timers, so that a test alone decides when a run is. */
  const timers = async (verb: 'stop' | 'start'): Promise<void> => {
    for (const host of planes)
      await on(
        host,
        `systemctl ${verb} kboot-etcd-backup.timer; while systemctl is-active -q kboot-etcd-backup.service || [ "$(systemctl is-active kboot-etcd-backup.service)" = activating ]; do sleep 0.2; done`,
      );
  };

  it('the timer fires, one host takes the snapshot, for root alone, and puts it to S3', async () => {
    const seen = await eventually(200, async () => {
      const now = await status();
      expect(now.backup?.taken).toMatch(/^20/);
      return now;
    });
    expect(seen.backup).toMatchObject({ host: 'cp-1', problems: [] });
    expect(seen.healthy).toBe(true);
    await timers('stop');
    process.stdout.write((await kboot('status')).stdout);
    expect(await kept('cp-2')).toEqual([]);
    expect(await kept('cp-3')).toEqual([]);
    expect(await on('cp-1', `stat -c '%a %U' ${folder} ${folder}/*.db | sort -u`)).toBe('600 root\n700 root');
    const [name = ''] = (await kept('cp-1')).slice(-1);
    expect(objects()).toContain(name);
    expect(
      createHash('sha256')
        .update(readFileSync(join(buckets, 'backups/etcdbackup', name)))
        .digest('hex'),
    ).toBe((await on('cp-1', `sha256sum < ${folder}/${name}`)).slice(0, 64));
    expect(await on('cp-1', 'stat -c "%a %U" /etc/kubernetes/kboot-etcd-backup.s3')).toBe('600 root');
    expect(await on('cp-1', `journalctl --no-pager | grep -c '${s3Secret}' || true`)).toBe('0');
    await timers('start');
    await expectNothing();
    await timers('stop');
  }, 400_000);

  /** As expectNothingToDo, with the secret. */
  async function expectNothing(): Promise<void> {
    process.env['DRILL_SECRET'] = s3Secret;
    await expectNothingToDo(site);
  }

  it('keeps as many as wanted, and leaves the S3 service alone', async () => {
    for (let run = 0; run < 3; run += 1) {
      expect(await take('cp-1')).toBe('good');
      await on('cp-1', 'sleep 1');
    }
    expect(await kept('cp-1')).toHaveLength(2);
    expect(objects().length).toBeGreaterThanOrEqual(4);
    expect(await take('cp-2')).toBe('left');
  }, 60_000);

  it('another host takes it while the first is down', async () => {
    await site.lab.kill('cp-1');
    await eventually(60, async () => {
      expect(await take('cp-2')).toBe('good');
    });
    expect(await take('cp-3')).toBe('left');
    expect(await kept('cp-2')).toHaveLength(1);
    await site.lab.boot('cp-1');
    await eventually(120, async () => {
      expect((await status()).healthy || (await status()).backup?.problems.length).toBeTruthy();
      expect(await take('cp-1')).toBe('good');
    });
    await timers('stop');
  }, 300_000);

  it('a full disk is told by status and drift; nothing is left or removed', async () => {
    const before = await kept('cp-1');
    await on('cp-1', `mount -t tmpfs -o size=1m,mode=700 none ${folder}`);
    expect(await take('cp-1')).toMatch(
      /^Job for .*failed[^]*failed\nNo space left on device: \/var\/backups\/etcd has 1 MiB free, the snapshot needs \d+ MiB$/,
    );
    // Also where the free space was enough at first.
    const written = await on(
      'cp-1',
      `sed 's,^need=.*,need=0,' /usr/local/sbin/kboot-etcd-backup > /tmp/try; sh /tmp/try 2>&1; ls -A ${folder} | wc -l`,
    );
    process.stdout.write(`${written}\n`);
    expect(written).toMatch(/cannot be written into \/var\/backups\/etcd: .*No space left on device[^]*\n0$/);
    const seen = await kboot('status');
    process.stdout.write(seen.stdout);
    expect(seen.exitCode).toBe(1);
    expect(seen.stdout).toMatch(/cp-1: the backup of etcd at .* failed: .*No space left on device/);
    const drift = await kboot('drift');
    process.stdout.write(drift.stdout + drift.stderr);
    expect(drift.stdout + drift.stderr).toMatch(
      /cp-1: the backup of etcd at .* failed: .*No space left on device[^]*EtcdBackup/,
    );
    await on('cp-1', `umount ${folder}`);
    expect(await kept('cp-1')).toEqual(before);
    expect(await take('cp-1')).toBe('good');
    // The timers wait until this test starts them: the failure is over.
    const left = (await status()).backup?.problems.map(({ message }) => message) ?? [];
    expect(left.filter((message) => !message.startsWith('the timer of'))).toEqual([]);
  }, 120_000);

  it('an S3 service that refuses or does not answer is told; the snapshot stays', async () => {
    const before = (await kept('cp-1')).length;
    await on('cp-1', 'sed -i "2s/.*/wrong/" /etc/kubernetes/kboot-etcd-backup.s3');
    const refused = await take('cp-1');
    process.stdout.write(`${refused}\n`);
    expect(refused).toMatch(
      /S3 at http:\/\/10.77.21.1:7070 refused the snapshot .*: HTTP 403 SignatureDoesNotMatch/,
    );
    expect((await kept('cp-1')).length).toBe(before + 1);
    // Drift repairs the credentials.
    const repaired = await kboot('up', ['--yes']);
    expect(repaired, repaired.stderr).toMatchObject({ exitCode: 0 });
    expect(repaired.stdout).toContain('kboot-etcd-backup.s3');
    expect(repaired.stdout + repaired.stderr).not.toContain(s3Secret);
    await timers('stop');
    running.kill();
    const silent = await take('cp-1');
    process.stdout.write(`${silent}\n`);
    expect(silent).toMatch(/S3 at http:\/\/10.77.21.1:7070 does not answer .*curl: \(7\)/);
    running = startS3Server(site.lab, '10.77.21.1:7070', buckets);
    await eventually(20, async () => {
      expect(await take('cp-1')).toBe('good');
    });
    expect(await kept('cp-1')).toHaveLength(2);
  }, 120_000);

  it('restores what the timer took, from the host that has it', async () => {
    expect(await take('cp-1')).toBe('good');
    const name = (await kept('cp-1')).at(-1) ?? '';
    const list = await kboot('etcd list');
    process.stdout.write(list.stdout);
    expect(list.stdout).toContain(`cp-1:${folder}/${name}`);
    await site.kube(['-n', 'drill', 'create', 'configmap', 'later', '--from-literal=a=b']);
    const result = await kboot('etcd restore', [`cp-1:${name}`, '--yes']);
    process.stdout.write(result.stdout + result.stderr);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    expect((await kboot('etcd list')).stdout).toMatch(/spec\.etcd\.backup +intact/);
    await eventually(60, async () => {
      const found = await site.kube([
        '-n',
        'drill',
        'get',
        'configmap',
        '-o',
        'jsonpath={.items[*].metadata.name}',
      ]);
      expect(found).toContain('before');
      expect(found).not.toContain('later');
    });
    expect(await site.kube(['-n', 'drill', 'get', 'secret', 'key', '-o', 'jsonpath={.data.word}'])).toBe(
      Buffer.from('sesame').toString('base64'),
    );
    await eventually(180, async () => {
      const verify = await kboot('verify');
      expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    });
  }, 400_000);

  it('is removed without spec.etcd.backup; snapshots stay', async () => {
    await timers('start');
    const before = await kept('cp-2');
    const without = await site.write('without', {
      spec: { loadBalancer: { virtualIP: '10.77.21.100', port: 8443 } },
    });
    const removed = await kboot('up', ['--yes'], without);
    process.stdout.write(removed.stdout);
    expect(removed, removed.stderr).toMatchObject({ exitCode: 0 });
    for (const host of planes)
      expect(
        await on(
          host,
          'ls /usr/local/sbin /etc/systemd/system /etc/kubernetes | grep backup; systemctl show -p LoadState --value kboot-etcd-backup.timer; grep -c backup /var/lib/kboot/owned',
        ).catch((error: unknown) => String(error)),
      ).toMatch(/not-found\n/);
    expect(await kept('cp-2')).toEqual(before);
    const again = await kboot('up', ['--yes'], without);
    expect(again.stdout).toMatch(/nothing to do/);
    tellTime('up with backups again', await kboot('up', ['--yes']));
  }, 200_000);

  it('a reset stops the timer and says that snapshots stay', async () => {
    const before = await kept('cp-2');
    const reset = await kboot('reset', ['--yes']);
    process.stdout.write(reset.stdout);
    expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
    expect(reset.stdout).toMatch(
      /timer kboot-etcd-backup +stopped and disabled; 1 snapshot in \/var\/backups\/etcd stays/,
    );
    expect(await kept('cp-2')).toEqual(before);
    expect(await on('cp-2', 'systemctl show -p LoadState --value kboot-etcd-backup.timer')).toBe('not-found');
  }, 200_000);
});

/** A run must succeed; its last line has the seconds. */
function tellTime(title: string, result: KbootResult): void {
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  process.stdout.write(`${title}: ${result.stdout.trimEnd().split('\n').at(-1) ?? ''}\n`);
}
