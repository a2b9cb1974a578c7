import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withDiff } from '../../../src/plan/diff/text-diffs.ts';
import { onlyKnown, redact, redactLog } from '../../../src/plan/diff/redact.ts';
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
    ['user ops insecure-password hunter2', 'user ops insecure-password (not shown)'],
    ['set-header Authorization "Basic aHVudGVyMg=="', 'set-header Authorization "Basic (not shown)"'],
    ['ops:$apr1$hunter2$hunter2hunter2 x', 'ops:(not shown) x'],
    ['with AKIAHUNTER2HUNTER2HU', 'with (not shown)'],
    ['got ghp_hunter2hunter2hunter2', 'got (not shown)'],
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
    for (const isShown of [true, false]) {
      const { diff } = withDiff(step, new Map([['/etc/x', { text: 'a\npassword = "hunter2"\n', isShown }]]));
      expect(diff).toMatch(
        isShown ? /^-password = \(not shown, sha256 [0-9a-f]{12}\)$/m : /^-\(not shown: kboot/m,
      );
      expect(diff).not.toContain('hunter2');
    }
  });
});

describe('what a plan shows of a file that kboot did not write', () => {
  const young = [
    ...['global', '    maxconn 4000', 'defaults', '    option httpchk', '    tls = true'],
    ...['    server cp-1 10.77.1.11:6443', 'net.ipv4.ip_forward = 1', ''],
  ].join('\n');
  const shown = (line: string): string => onlyKnown(`global\n${line}\ndefaults\n`, young);

  it.each([
    '    user ops insecure-password hunter2',
    '    http-request set-header Authorization "Basic aHVudGVyMg=="',
    'http_proxy=http://proxy:hunter2@10.0.0.9:3128',
    'https_proxy=http://hunter2@10.0.0.9:3128',
    'machine registry login ops password hunter2',
    'machine registry login ops\n  password\n  hunter2',
    'password: |\n  hunter2\n  and more',
    '<password>hunter2</password>',
    '{"auths":{"r.example":{"auth":"aHVudGVyMg=="}}}',
    '.dockerconfigjson: eyJhdXRocyI6aHVudGVyMg==',
    'AKIAHUNTER2HUNTER2HU',
    'aws_secret_access_key = hunter2/hunter2+hunter2',
    'ops:$apr1$hunter2$hunter2hunter2hunter2',
    'eyJhbGciOiJSUzI1NiJ9.aHVudGVyMg.aHVudGVyMg',
    'aHVudGVyMgaHVudGVyMgaHVudGVyMgaHVudGVyMgaHVudGVyMg',
    '-----BEGIN OPENSSH PRIVATE KEY-----\naHVudGVyMg\n',
    'PIN=hunter2',
    'pass hunter2',
    '-u ops:hunter2 https://r.example',
    'ghp_hunter2hunter2hunter2',
    '# the password is hunter2',
    '    server cp-1 10.77.1.11:6443 # hunter2',
    '    maxconn hunter2',
    '    maxconn 40001234567890',
  ])('hides %j', (line) => {
    const text = shown(line);
    expect(text).not.toMatch(/hunter2|aHVud|HUNTER2|1234567890/);
    expect(text.split('\n')[0]).toBe('global');
  });

  it.each([
    '    maxconn 9',
    '    server cp-2 10.77.1.12:6443',
    'net.ipv4.ip_forward = 0',
    '    tls = false',
    '    option httpchk',
  ])('shows %j, which kboot has with another number, or as it is', (line) => {
    expect(shown(line).split('\n')[1]).toBe(line);
  });

  it('hides every word that is in no line of the new text, whatever it looks like', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 5 }), { minLength: 1 }), (lines) => {
        const out = onlyKnown(lines.join('\n'), young).split('\n');
        const known = young.split('\n').map((line) => line.replaceAll(/\d+|true|false/g, '#'));
        expect(
          out.filter(
            (line) =>
              !line.startsWith('(not shown') && !known.includes(line.replaceAll(/\d+|true|false/g, '#')),
          ),
        ).toEqual([]);
      }),
    );
  });
});
