import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDiff } from '../../../src/plan/diff/text-diffs.ts';
import { redact, redactLog } from '../../../src/plan/diff/redact.ts';
import { shellStep } from '../../samples/plan.ts';

const hidden = /\(not shown, sha256 [0-9a-f]{12}\)/;

describe('redact', () => {
  it.each([
    '    password = "hunter2"',
    'auth = "aHVudGVyMg=="',
    '  auth_pass hunter2',
    '  stats auth admin:hunter2',
    'user admin password hunter2',
    '"identitytoken": "hunter2",',
    '    token: hunter2',
    'client-key-data: hunter2aHVudGVyMg==',
    '-----BEGIN RSA PRIVATE KEY-----\nhunter2\naHVudGVyMg==\n-----END RSA PRIVATE KEY-----\nafter: it',
  ])('%j', (line) => {
    const shown = redact(line);
    expect(shown).toMatch(hidden);
    expect(shown).not.toMatch(/hunter2|aHVud/);
    expect(redact(line)).toBe(shown);
    if (line.includes('after')) expect(shown.split('\n').at(-1)).toBe('after: it');
  });

  it("does not change kboot's own texts", () => {
    const golden = new URL('../../golden', import.meta.url).pathname;
    const files = readdirSync(golden, { recursive: true, encoding: 'utf8' })
      .map((name) => join(golden, name))
      .filter((file) => statSync(file).isFile() && /\/etc\/|\/var\//.test(file));
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      expect(redact(text), file).toBe(text);
    }
  });
});

const jwt = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrOHMifQ.c2lnbmF0dXJl';
const base64 = 'MIIEowIBAAKCAQEA1'.padEnd(64, 'bQ2');

describe('redactLog', () => {
  it.each([
    ['Authorization: Bearer hunter2hunter2hunter2', 'Authorization: (not shown)'],
    ['sent bearer hunter2-hunter2-hunter2 to x', 'sent bearer (not shown) to x'],
    [`got ${jwt} from w-1`, 'got (not shown) from w-1'],
    [`cut ${jwt.slice(0, 20)}`, 'cut (not shown)'],
    ['join with hunter.2hunter2hunter20 failed', 'join with (not shown) failed'],
    ['--bootstrap-token=hunter2 --v=2', '--bootstrap-token=(not shown) --v=2'],
    ['--password hunter2 --v=2', '--password (not shown) --v=2'],
    ['{"access_token":"hunter2","a":1}', '{"access_token":(not shown),"a":1}'],
    ['{"m":"{\\"token\\": \\"hunter2\\"}"}', '{"m":"{\\"token\\": (not shown)}"}'],
    ["clientSecret = 'a hunter2'; next", 'clientSecret = (not shown); next'],
    ['password: "a hunter2" next', 'password: (not shown) next'],
    [
      "parsing [haproxy.cfg:12]: 'stats auth admin:hunter2'",
      "parsing [haproxy.cfg:12]: 'stats auth admin:(not shown)",
    ],
    ['auth_pass hunter2', 'auth_pass (not shown)'],
    ['pull https://user:hunter2@registry/v2/', 'pull https://(not shown)@registry/v2/'],
    ['key LS0tLS1CRUdJTiBSU0E= end', 'key (not shown) end'],
    [`data ${base64}${base64}== end`, 'data (not shown) end'],
    ['x -----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY----- y', 'x (not shown) y'],
  ])('%j', (line, shown) => {
    expect(redactLog(line)).toBe(shown);
  });

  it('hides the lines of a private key, even where its beginning or end is missing', () => {
    const key = [
      '-----BEGIN RSA PRIVATE KEY-----',
      base64,
      'aHVudGVyMg==',
      'abcdefg',
      '-----END RSA PRIVATE KEY-----',
      'after',
    ];
    expect(redactLog(key.join('\n')).split('\n').slice(0, 4)).toEqual(Array(4).fill('(not shown)'));
    expect(redactLog(key.join('\n'))).toMatch(/\nafter$/);
    expect(redactLog(key.slice(1).join('\n'))).not.toMatch(/MII|aHVu|abcdefg/);
  });

  it.each([
    'MountVolume.SetUp failed for volume "cert" : secret "speaker-secret" not found',
    'Unable to authenticate the request: invalid bearer token, Token has expired',
    'FLAG: --tls-private-key-file="/etc/kubernetes/pki/apiserver.key"',
    '--authorization-mode=Node,RBAC --basic authentication failed',
    'failed to pull image "registry.k8s.io/coredns/coredns@sha256:40384aa1f5ea6bfdc77997d243aec73da05f27aed0c5e9d65bfa98933c519d97"',
    'open /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/12/fs/etc: no such file',
    'dial tcp 10.0.0.21:10250: connect: connection refused',
    'Get "https://10.0.0.11:6443/api/v1/nodes?fieldSelector=metadata.name%3Dw-1&limit=500": EOF',
  ])('does not change %j', (line) => {
    expect(redactLog(line)).toBe(line);
  });
});

describe('a diff', () => {
  it('shows that a password is removed, but not the password', () => {
    const step = shellStep('w-1', '/etc/x', {
      verb: 'update',
      expects: { path: '/etc/x', digest: '0'.repeat(64) },
      payload: { path: '/etc/.x', content: { kind: 'text', text: 'a\n' } },
    });
    const shown = withDiff(step, new Map([['/etc/x', 'a\npassword = "hunter2"\n']]));
    expect(shown.diff).toMatch(/^-password = \(not shown, sha256 [0-9a-f]{12}\)$/m);
    expect(shown.diff).not.toContain('hunter2');
  });
});
