import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { foundedAs, recordFounding, writeProfile } from '../../src/store/security-profile.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-profile-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const put = (path: string, text = ''): void => {
  mkdirSync(join(dir, path, '..'), { recursive: true });
  writeFileSync(join(dir, path), text);
};

it('a new cluster is baseline, also with a CA of the operator, and in a folder that does not exist', () => {
  put('pki/ca.crt');
  put('pki/ca.key');
  expect(foundedAs(dir)).toBe('baseline');
  expect(foundedAs(join(dir, 'missing'))).toBe('baseline');
});

it.each(['cluster-id', 'pki/hosts/cp-1/apiserver.crt'])(
  'a cluster with %s and no record is as kubeadm has it',
  async (path) => {
    put(path);
    expect(foundedAs(dir)).toBe('kubeadm');
    await recordFounding({ dir }, 'baseline');
    expect(foundedAs(dir)).toBe('kubeadm');
  },
);

it('is what it was founded as from then on', async () => {
  await recordFounding({ dir }, 'restricted');
  put('cluster-id');
  await recordFounding({ dir }, 'baseline');
  expect(foundedAs(dir)).toBe('restricted');
});

it('a record that names no profile is an error', async () => {
  await writeProfile({ dir }, 'baseline');
  put('security-profile', 'hard\n');
  expect(() => foundedAs(dir)).toThrow(/does not name a security profile/);
});
