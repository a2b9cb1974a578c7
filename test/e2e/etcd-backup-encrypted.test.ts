import { execFileSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

const folder = '/var/backups/etcd';
const hosts = [{ name: 'cp-1', roles: ['control-plane', 'worker'], address: '10.77.22.11' }];
/** In the clear in etcd, and in every snapshot that is not encrypted. */
const word = 'sesame-open-the-door';

describe.runIf(hasClusterBundle && hasS3Server)(
  `encrypted backups of etcd${unlessSkipped}${unlessWithoutS3}`,
  () => {
    let site: ClusterSite;
    let keys: string;
    let running: ChildProcess;
    const at = (name: string): string => join(keys, name);

    beforeAll(async () => {
      keys = mkdtempSync(join(tmpdir(), 'kboot-backup-keys-'));
      mkdirSync(join(keys, 's3/backups'), { recursive: true });
      for (const name of ['one', 'two', 'other'])
        execFileSync(
          'openssl',
          [
            ...['req', '-x509', '-newkey', 'rsa:3072', '-noenc', '-days', '3650', '-subj', '/CN=etcd-backup'],
            ...['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`)],
          ],
          { stdio: 'pipe' },
        );
      const s3 = {
        ...{ endpoint: 'http://10.77.22.1:7070', bucket: 'backups', accessKeyId: 'kboot' },
        secretAccessKeyEnv: 'DRILL_SECRET',
      };
      const backup = { schedule: 'yearly', keep: 2, encryptFor: [at('one.crt'), at('two.crt')], s3 };
      process.env['DRILL_SECRET'] = s3Secret;
      site = await clusterSite('etcdcms', hosts, { spec: { etcd: { backup } } });
      running = startS3Server(site.lab, '10.77.22.1:7070', join(keys, 's3'));
      const up = await kboot('up', ['--yes']);
      expect(up, up.stdout + up.stderr).toMatchObject({ exitCode: 0 });
      await site.kube(['create', 'namespace', 'drill']);
      await site.kube(['-n', 'drill', 'create', 'configmap', 'before', `--from-literal=word=${word}`]);
    }, 600_000);
    afterAll(async () => {
      running.kill();
      await site.close();
      rmSync(keys, { recursive: true, force: true });
    });

    const kboot = (verb: string, rest: readonly string[] = []): Promise<KbootResult> =>
      site.kboot(verb, rest, { env: { DRILL_SECRET: s3Secret } });
    const on = (command: string): Promise<string> => output(site.lab, 'cp-1', command);
    const taken = async (): Promise<string> =>
      (await on(`ls -A ${folder}`)).split('\n').filter(Boolean).at(-1) ?? '';
    const etcdProcess = (): Promise<string> => on('pgrep -o -x etcd');
    const restored = async (): Promise<void> => {
      await eventually(120, async () => {
        const found = await site.kube([
          '-n',
          'drill',
          'get',
          'cm',
          '-o',
          'jsonpath={.items[*].metadata.name}',
        ]);
        expect(found).toContain('before');
        expect(found).not.toContain('later');
      });
    };

    it('are taken, put to S3, and readable for nobody without a key; the host has none', async () => {
      await on('systemctl start kboot-etcd-backup.service');
      const name = await taken();
      process.stdout.write(`${await on(`ls -l ${folder}; cat /var/lib/kboot/etcd-backup`)}\n`);
      expect(name).toMatch(/^etcd-backup-cp-1-.*\.db\.cms$/);
      const [object = ''] = readdirSync(join(keys, 's3/backups/etcdcms'));
      expect(object).toBe(name);
      const bytes = readFileSync(join(keys, 's3/backups/etcdcms', object));
      expect(bytes.includes(word)).toBe(false);
      expect(await on(`sha256sum < ${folder}/${name}`)).toContain(
        createHash('sha256').update(bytes).digest('hex'),
      );
      expect(await on('grep -rl "PRIVATE KEY" /etc/kubernetes/kboot-etcd-backup* | wc -l')).toBe('0');
      const status = await kboot('status');
      process.stdout.write(status.stdout);
      expect(status, status.stdout).toMatchObject({ exitCode: 0 });
      expect((await kboot('etcd list')).stdout).toContain(`cp-1:${folder}/${name}`);
      await expectNothingToDo(site);
    }, 120_000);

    it('are restored from the host with the key of one of them; another key stops nothing', async () => {
      const name = await taken();
      await site.kube(['-n', 'drill', 'create', 'configmap', 'later', '--from-literal=a=b']);
      const before = await etcdProcess();
      for (const [flags, message] of [
        [[], 'the key that decrypts it was not named'],
        [['--key', at('other.key')], 'is not encrypted for this key'],
      ] as const) {
        const refused = await kboot('etcd restore', [`cp-1:${name}`, '--yes', ...flags]);
        process.stdout.write(refused.stderr);
        expect(refused.exitCode).toBe(3);
        expect(refused.stderr).toContain(message);
      }
      expect(await etcdProcess()).toBe(before);
      const result = await kboot('etcd restore', [`cp-1:${name}`, '--yes', '--key', at('two.key')]);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      await restored();
    }, 300_000);

    it('are restored from what S3 has; one that was changed there stops nothing', async () => {
      const [object = ''] = readdirSync(join(keys, 's3/backups/etcdcms'));
      const file = join(keys, 's3/backups/etcdcms', object);
      await site.kube(['-n', 'drill', 'create', 'configmap', 'later', '--from-literal=a=b']);
      const before = await etcdProcess();
      execFileSync(
        'sh',
        [
          '-c',
          `cp ${file} ${at('bad.db.cms')}; printf x | dd of=${at('bad.db.cms')} bs=1 seek=900000 conv=notrunc`,
        ],
        { stdio: 'pipe' },
      );
      const refused = await kboot('etcd restore', [at('bad.db.cms'), '--yes', '--key', at('one.key')]);
      process.stdout.write(refused.stderr);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toContain('damaged');
      expect(await etcdProcess()).toBe(before);
      const result = await kboot('etcd restore', [file, '--yes', '--key', at('one.key')]);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      await restored();
      await eventually(180, async () => {
        const verify = await kboot('verify');
        expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
      });
    }, 400_000);

    it('stay after a reset, unless it is to delete them', async () => {
      const kept = await kboot('reset', ['--yes', '--delete-backups']);
      process.stdout.write(kept.stdout);
      expect(kept, kept.stderr).toMatchObject({ exitCode: 0 });
      expect(kept.stdout).toMatch(/1 snapshot in \/var\/backups\/etcd is deleted/);
      expect(await on(`ls -A ${folder} 2>/dev/null | wc -l`)).toBe('0');
    }, 200_000);
  },
);
