import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupFiles } from '../../../src/desire/text/backup.ts';
import type { HostText } from '../../../src/desire/text/types.ts';
import type { Backup, BackupS3 } from '../../../src/model/backup.ts';
import { backupRecord } from '../../../src/model/backup.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { readUpload, readVariable, variableName, type Upload } from '../../../src/store/uploads.ts';
import { shells } from '../../resource/sandbox.ts';
import { contextOf, firstHost, found, single } from '../../samples/text.ts';

/*
 * The program that hosts run, with each shell that may be their `sh`. `curl` is a script that answers like the members
 * of etcd and like S3; a real etcd and a real S3 server are in test/e2e/etcd-backup.test.ts.
 */
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const s3: BackupS3 = {
  endpoint: 'https://s3.example.com',
  bucket: 'backups',
  prefix: 'lab/',
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: { env: 'SECRET' },
};
const uploads = new Map([[variableName('SECRET'), readVariable(secret) as Upload]]);

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: 'pipe' });
};

/** The files of the backups; the first is the program. */
function filesOf(backup: Partial<Backup>): readonly HostText[] {
  const stated = { schedule: 'daily', keep: 2, directory: '/backups', ...backup };
  const cluster: Cluster = single({});
  const host = firstHost(cluster);
  const own = { ...host, name: 'cp-1', address: '10.0.0.11' };
  const other = { ...host, name: 'cp-2', address: '10.0.0.12' };
  const of = { ...cluster, hosts: [other, own], etcd: { ...cluster.etcd, backup: stated } };
  for (const file of stated.encryptFor ?? []) uploads.set(file, readUpload(file) as Upload);
  return backupFiles({ ...contextOf(of), uploads }, own, stated);
}

const textOf = (backup: Partial<Backup>): string => found(filesOf(backup)[0]).text;

/** Standing for curl: what it is asked for is the last argument, its configuration on stdin with -K. */
const curl = `#!/bin/sh
for last; do :; done
cd "$(dirname "$0")"
echo "$@" >> argv
case $last in
  */health) cat "health-$(echo "$last" | cut -d/ -f3)" 2>/dev/null || { echo 'curl: (7) Failed to connect' >&2; exit 7; } ;;
  */status) echo '{"header":{},"version":"3.6.8","dbSize":"100000"}' ;;
  */snapshot) cat stream; [ ! -e broken ] || { echo 'curl: (18) transfer closed' >&2; exit 18; } ;;
  *) cat > headers; while [ $# -gt 1 ]; do [ "$1" != -o ] || cp answer "$2"; [ "$1" != -T ] || cp "$2" stored; shift; done; cat status ;;
esac
`;

describe.each(shells)('the backup program in %s', (shell) => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kboot-backup-'));
    mkdirSync(join(root, 'bin'));
    put('curl', curl);
    put('health-10.0.0.12:2379', '{"health":"false","reason":"RAFT NO LEADER"}');
    put('health-10.0.0.11:2379', '{"health":"true"}');
    stream(snapshot);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const put = (name: string, text: string): void => {
    writeFileSync(join(root, 'bin', name), text, { mode: 0o755 });
  };
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 8)) % 256));
  const snapshot = Buffer.concat([body, createHash('sha256').update(body).digest()]);
  /** Parts whose base64 is padded, as etcd sends them. */
  const stream = (bytes: Buffer): void => {
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += 32_768)
      lines.push(
        JSON.stringify({
          result: { blob: bytes.subarray(at, at + 32_768).toString('base64'), remaining_bytes: '1' },
        }),
      );
    put('stream', `${lines.join('\n')}\n`);
  };
  const run = (
    backup: Partial<Backup> = {},
  ): { status: number | null; text: string; record: Record<string, string> } => {
    const script = textOf(backup)
      .replace('PATH=/usr/local/sbin', `PATH=${root}/bin:/usr/local/sbin`)
      .replaceAll(backupRecord, `${root}/record`)
      .replaceAll('/run/kboot-etcd-backup', `${root}/run`)
      .replaceAll('directory=/backups', `directory=${root}/backups`)
      .replaceAll('/etc/kubernetes/kboot-etcd-backup', `${root}/credentials`);
    for (const { path, text } of filesOf(backup))
      if (path.endsWith('.recipients')) writeFileSync(join(root, 'credentials.recipients'), text);
    writeFileSync(join(root, 'credentials.s3'), `${s3.accessKeyId}\n${secret}\n`);
    writeFileSync(join(root, 'script'), script);
    const { status, stdout, stderr } = spawnSync(shell, [join(root, 'script')], { encoding: 'utf8' });
    const lines = readFileSync(join(root, 'record'), 'utf8').trimEnd().split('\n');
    const record: Record<string, string> = Object.fromEntries(
      lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)] as const),
    );
    return { status, text: stdout + stderr, record };
  };
  const kept = (): string[] => {
    try {
      return readdirSync(join(root, 'backups')).sort();
    } catch {
      return [];
    }
  };
  /** Earlier snapshots. */
  const before = (...days: readonly number[]): string[] =>
    days.map((day) => {
      mkdirSync(join(root, 'backups'), { recursive: true });
      const name = `etcd-backup-cp-1-2026-01-0${day}T00-00-00Z.db`;
      writeFileSync(join(root, 'backups', name), 'old');
      return name;
    });

  it('takes a snapshot if it is the first healthy member, for root alone, and keeps the newest', () => {
    before(1, 2, 3);
    writeFileSync(join(root, 'backups', 'mine.db'), '');
    const { status, record, text } = run();
    expect(status, text).toBe(0);
    const [, , name = ''] = [...kept()].sort();
    expect(kept()).toEqual([
      'etcd-backup-cp-1-2026-01-03T00-00-00Z.db',
      expect.stringMatching(/^etcd-backup-cp-1-20\d\d-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db$/),
      'mine.db',
    ]);
    const file = join(root, 'backups', kept()[1] ?? name);
    expect(readFileSync(file).equals(snapshot)).toBe(true);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect(record).toMatchObject({
      result: 'good',
      file,
      size: String(snapshot.length),
      why: '',
      stored: '',
    });
    expect(record['good']).toBe(record['at']);
  });

  it('leaves it to an earlier member that is healthy', () => {
    put('health-10.0.0.12:2379', '{"health":"true"}');
    const { status, text, record } = run();
    expect({ status, text }).toEqual({ status: 0, text: 'left to cp-2\n' });
    expect(record).toMatchObject({ result: 'left', good: '' });
    expect(kept()).toEqual([]);
  });

  it.each([
    [
      'no member is healthy',
      () => {
        rmSync(join(root, 'bin/health-10.0.0.11:2379'));
      },
      /not one member of etcd is healthy; cp-2: .*RAFT NO LEADER.*; cp-1: curl: \(7\)/,
    ],
    [
      'the stream breaks off',
      () => {
        put('broken', '');
      },
      /etcd does not answer: curl: \(18\) transfer closed/,
    ],
    [
      'etcd refuses',
      () => {
        put('stream', '{"error":{"message":"etcdserver: corrupt"}}\n');
      },
      /etcd does not give a snapshot: .*corrupt/,
    ],
    [
      'a part is missing',
      () => {
        stream(Buffer.concat([snapshot.subarray(0, 40_000), snapshot.subarray(41_000)]));
      },
      /the snapshot is damaged/,
    ],
    [
      'nothing comes',
      () => {
        put('stream', '');
      },
      /the snapshot is damaged/,
    ],
    [
      'the folder is a file',
      () => {
        writeFileSync(join(root, 'backups'), '');
      },
      /backups cannot be created: .*File exists/,
    ],
  ])('fails if %s: says so, leaves nothing, removes nothing', (title, arrange, why) => {
    const old = title === 'the folder is a file' ? [] : before(1, 2, 3);
    writeFileSync(join(root, 'record'), 'good=17\nfile=/former.db\nsize=5\n');
    arrange();
    const { status, record, text } = run();
    expect(status, text).toBe(1);
    expect(record['why']).toMatch(why);
    expect(record).toMatchObject({ result: 'failed', good: '17', file: '/former.db', size: '5' });
    expect(kept()).toEqual(old);
  });

  it('encrypts it for those who have the key of a certificate, and leaves nothing else', () => {
    const file = (name: string): string => join(root, name);
    for (const name of ['one', 'two'])
      openssl(
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', '-subj', `/CN=${name}`],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
      );
    const encryptFor = [file('one.crt'), file('two.crt')];
    before(1, 2, 3);
    put('status', '200');
    put('answer', '');
    const { status, text, record } = run({ encryptFor, s3 });
    expect(status, text).toBe(0);
    expect(kept()).toEqual([
      'etcd-backup-cp-1-2026-01-03T00-00-00Z.db',
      expect.stringMatching(/^etcd-backup-cp-1-20.*Z\.db\.cms$/),
    ]);
    const taken = file(`backups/${kept()[1] ?? ''}`);
    expect(record).toMatchObject({ result: 'good', file: taken, size: String(statSync(taken).size) });
    expect(readFileSync(taken).includes(body.subarray(0, 64))).toBe(false);
    expect(readFileSync(taken).equals(readFileSync(join(root, 'bin/stored')))).toBe(true);
    // As anybody can, without kboot.
    for (const name of ['one', 'two'])
      openssl(
        ...['cms', '-decrypt', '-inform', 'DER', '-binary', '-in', taken, '-out', file('plain')],
        ...['-inkey', file(`${name}.key`), '-recip', file(`${name}.crt`)],
      );
    expect(readFileSync(file('plain')).equals(snapshot)).toBe(true);

    put('openssl', '#!/bin/sh\necho "No space left on device" >&2; exit 1\n');
    const failed = run({ encryptFor });
    expect(failed.record).toMatchObject({ result: 'failed' });
    expect(failed.record['why']).toMatch(/^the snapshot cannot be encrypted: No space left/);
    expect(kept()).toHaveLength(2);
  });

  it('needs no base64 that takes padding in the middle', () => {
    put(
      'base64',
      '#!/bin/sh\nread -r line; case $line in *=*=?*) exit 1 ;; esac; printf %s "$line" | /usr/bin/base64 -d\n',
    );
    expect(run()).toMatchObject({ status: 0, record: { result: 'good', size: String(snapshot.length) } });
  });

  it('puts a copy to S3, with the secret in no argument', () => {
    put('status', '200');
    put('answer', '');
    const { status, record, text } = run({ s3 });
    expect(status, text).toBe(0);
    const [name] = kept();
    expect(record).toMatchObject({
      result: 'good',
      stored: `https://s3.example.com/backups/lab/${name ?? ''}`,
    });
    expect(readFileSync(join(root, 'bin/stored')).equals(snapshot)).toBe(true);
    expect(readFileSync(join(root, 'bin/headers'), 'utf8')).toMatch(
      /Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/us-east-1\/s3\/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=[0-9a-f]{64}"\n/,
    );
    expect(readFileSync(join(root, 'bin/argv'), 'utf8')).not.toMatch(/wJalr|Signature/);
  });

  it('says what S3 refused, keeps the snapshot, and at most twice as many as wanted', () => {
    before(1, 2, 3, 4, 5);
    put('status', '403');
    put(
      'answer',
      '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
    );
    const { status, record } = run({ s3 });
    expect(status).toBe(1);
    expect(record['why']).toMatch(
      /^S3 at https:\/\/s3.example.com refused the snapshot \(the snapshot is whole, but only in .*\/backups\): HTTP 403 AccessDenied: Access Denied$/,
    );
    expect(kept()).toHaveLength(4);
  });

  it('signs like AWS: the request GET lifecycle of its documentation', () => {
    const functions = /hex\(\)[^]*?(?=^put\(\))/m.exec(textOf({ s3 }))?.[0] ?? '';
    const script = `s3_host=examplebucket.s3.amazonaws.com s3_region=us-east-1 s3_secret=${secret} time=20130524T000000Z day=20130524
${functions}
signature GET / lifecycle= e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`;
    const { stdout, stderr } = spawnSync(shell, [], { encoding: 'utf8', input: script });
    expect(stdout + stderr).toBe('fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\n');
  });
});
