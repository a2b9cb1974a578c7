import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDiff } from '../../../src/plan/diff/text-diffs.ts';
import { redact } from '../../../src/plan/diff/redact.ts';
import { shellStep } from '../sample.ts';

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

  it('leaves what kboot writes as it is', () => {
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

describe('a diff', () => {
  it('says that a password goes, and not which', () => {
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
