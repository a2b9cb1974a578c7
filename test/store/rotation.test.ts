import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueCa } from '../../src/pki/issue.ts';
import { generateRsaKey } from '../../src/pki/keys.ts';
import { trustBundle } from '../../src/pki/types.ts';
import { loadOrCreatePki, loadPki, type PkiSources } from '../../src/store/pki.ts';
import { advanceRotation, holdRotation, readRotation } from '../../src/store/rotation.ts';
import { openState, type State } from '../../src/store/state.ts';
import { caSpec, context, host, keyFor, now, sampleCluster } from '../samples/pki.ts';

const cluster = sampleCluster({
  hosts: [host('cp1', '10.99.7.11', 'control-plane'), host('w1', '10.99.7.12', 'worker')],
});
let folder: string;
let state: State;
let made = 0;
const sources: PkiSources = { ...context, generateKey: () => keyFor(`k${made++}`) };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-rotation-'));
  state = await openState(join(folder, 'state'));
  await loadOrCreatePki(state, cluster, sources);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (path: string): string => readFileSync(join(state.pki, path), 'utf8');
const list = (): readonly string[] => readdirSync(state.pki, { recursive: true, encoding: 'utf8' });

/** Begins an exchange of etcd's CA, as the first plan does; returns the former CA and the new one. */
async function begun(): Promise<{ readonly former: string; readonly next: string }> {
  const former = file('etcd/ca.crt');
  const loaded = await loadPki(state, cluster, { now, rotate: ['etcd-ca'] });
  await holdRotation(state, loaded.rotation, loaded.next);
  return { former, next: file('next/etcd/ca.crt') };
}

describe("an exchange of etcd's CA", () => {
  it('is planned without a trace; both CAs are accepted in that plan, and the former one signs', async () => {
    const before = list();
    const { pki, rotation, next, toIssue } = await loadPki(state, cluster, { now, rotate: ['etcd-ca'] });
    const former = file('etcd/ca.crt');
    expect(rotation).toEqual({ cas: ['etcd-ca'], stage: 'trust' });
    expect([...next.keys()].sort()).toEqual(['next/etcd/ca.crt', 'next/etcd/ca.key']);
    expect([pki.signer('etcd-ca').cert, toIssue]).toEqual([former, []]);
    expect(trustBundle(pki, 'etcd-ca')).toBe(former + (next.get('next/etcd/ca.crt') ?? ''));
    expect(pki.trusted('ca')).toHaveLength(1);
    expect([list(), await readRotation(state)]).toEqual([before, undefined]);
  });

  it('goes through its stages, and the cluster stays the same one', async () => {
    const { former, next } = await begun();
    const { pki: first } = await loadOrCreatePki(state, cluster, sources);
    const id = first.clusterId();
    const peer = first.certificate('etcd-peer').cert;
    expect([...first.trusted('etcd-ca')]).toEqual([former, next]);

    const sign = await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'trust' });
    expect(sign).toEqual({ cas: ['etcd-ca'], stage: 'sign' });
    const due = await loadPki(state, cluster, { now });
    expect(due.toIssue.map(({ spec, key }) => `${spec.path} ${key}`)).toEqual([
      'hosts/cp1/apiserver-etcd-client reuse',
      'hosts/cp1/etcd/server reuse',
      'hosts/cp1/etcd/peer reuse',
      'hosts/cp1/etcd/healthcheck-client reuse',
    ]);
    // Until then, what the former CA signed is in use, and accepted.
    expect(due.current.certificate('etcd-peer').cert).toBe(peer);
    expect(due.pki.isIssued('etcd-peer')).toBe(false);
    const { pki: second } = await loadOrCreatePki(state, cluster, sources);
    expect([...second.trusted('etcd-ca')]).toEqual([next, former]);
    expect(second.certificate('etcd-peer').cert).not.toBe(peer);
    expect((await loadPki(state, cluster, { now })).toIssue).toEqual([]);

    const retire = await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'sign' });
    expect(retire).toEqual({ cas: ['etcd-ca'], stage: 'retire' });
    expect((await loadPki(state, cluster, { now })).pki.trusted('etcd-ca')).toEqual([next]);

    expect(await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'retire' })).toBeUndefined();
    const { pki: last, rotation, toIssue } = await loadPki(state, cluster, { now });
    expect([last.trusted('etcd-ca'), rotation, toIssue]).toEqual([[next], undefined, []]);
    expect(list().filter((name) => name.startsWith('next'))).toEqual([]);
    expect(last.clusterId()).toBe(id);
  });

  it('goes on where it was, whatever CA is asked for', async () => {
    const { next } = await begun();
    const again = await loadPki(state, cluster, { now, rotate: ['etcd-ca'] });
    expect([again.next.size, again.pki.trusted('etcd-ca')[1]]).toEqual([0, next]);
  });

  it('does not begin twice, and a plan of another stage is refused', async () => {
    const late = await loadPki(state, cluster, { now, rotate: ['etcd-ca'] });
    const before = await loadPki(state, cluster, { now });
    const { next } = await begun();
    for (const { rotation, next: cas } of [late, before])
      await expect(holdRotation(state, rotation, cas)).rejects.toMatchObject({ code: 'E-STALE' });
    expect(file('next/etcd/ca.crt')).toBe(next);
    const { rotation, next: none } = await loadPki(state, cluster, { now });
    await holdRotation(state, rotation, none);
    await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'trust' });
    await expect(holdRotation(state, rotation, none)).rejects.toMatchObject({ code: 'E-STALE' });
  });

  it('killed at its end, it ends the same way', async () => {
    const { next } = await begun();
    await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'trust' });
    await loadOrCreatePki(state, cluster, sources);
    await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'sign' });
    // Killed after the key was copied: the record is there, and so is the new CA.
    writeFileSync(join(state.pki, 'etcd/ca.key'), file('next/etcd/ca.key'));
    expect((await loadPki(state, cluster, { now })).toIssue).toEqual([]);
    await advanceRotation(state, cluster, { cas: ['etcd-ca'], stage: 'retire' });
    expect((await loadPki(state, cluster, { now })).pki.trusted('etcd-ca')).toEqual([next]);
  });

  it('without its new CA, nothing is planned', async () => {
    await begun();
    rmSync(join(state.pki, 'next'), { recursive: true });
    await expect(loadPki(state, cluster, { now })).rejects.toMatchObject({ code: 'E-STATE' });
    writeFileSync(state.rotation, '{}');
    await expect(loadPki(state, cluster, { now })).rejects.toMatchObject({ code: 'E-STATE' });
  });
});

describe('an exchange of the CA and of the key of tokens', () => {
  it('signs the new CA with the former one, and accepts tokens of both keys while both are used', async () => {
    const cas = ['ca', 'sa'] as const;
    const former = { ca: file('ca.crt'), sa: file('sa.key') };
    const { rotation, next } = await loadPki(state, cluster, { now, rotate: cas });
    expect([...next.keys()].sort()).toEqual([
      ...['next/ca-cross.crt', 'next/ca.crt', 'next/ca.key', 'next/sa.key'],
    ]);
    await holdRotation(state, rotation, next);
    const seen: unknown[] = [];
    for (
      let at = rotation;
      at !== undefined;
      at = await advanceRotation(state, cluster, at, '2026-11-20T10:00:00Z')
    ) {
      const { pki } = await loadOrCreatePki(state, cluster, sources);
      const { privateKey, publicKey } = pki.serviceAccount();
      seen.push([
        ...[at.stage, at.since, privateKey === former.sa, publicKey.match(/BEGIN/g)?.length],
        ...[pki.signer('ca').cert === former.ca, pki.trusted('ca').length],
        ...[pki.cross('ca') !== '', pki.retired('ca') === former.ca],
      ]);
    }
    expect(seen).toEqual([
      ['trust', undefined, true, 2, true, 2, false, false],
      ['sign', undefined, false, 2, false, 2, true, false],
      ['roll', '2026-11-20T10:00:00Z', false, 2, false, 2, true, false],
      ['retire', '2026-11-20T10:00:00Z', false, 1, false, 1, false, true],
    ]);
    expect(file('sa.key')).toBe(next.get('next/sa.key'));
    expect(list().filter((name) => name.startsWith('next'))).toEqual([]);
  });

  it('uses a CA of the operator, and refuses one that cannot sign', async () => {
    const own = await keyFor('own');
    mkdirSync(join(state.pki, 'next'));
    writeFileSync(join(state.pki, 'next/ca.key'), own);
    writeFileSync(join(state.pki, 'next/ca.crt'), issueCa(caSpec(cluster, 'ca'), own, context));
    const { next } = await loadPki(state, cluster, { now, rotate: ['ca'] });
    expect([next.get('next/ca.key'), next.get('next/ca.crt')]).toEqual([own, file('next/ca.crt')]);
    writeFileSync(join(state.pki, 'next/ca.key'), await generateRsaKey());
    await expect(loadPki(state, cluster, { now, rotate: ['ca'] })).rejects.toMatchObject({
      code: 'E-PKI',
      message: expect.stringContaining('next/ca.crt does not match the private key beside it') as unknown,
    });
  });

  it('makes keys as the inventory wants them, and leaves those of hosts', async () => {
    const wanted = { ...cluster, caKeyAlgorithm: 'ECDSA-P256' } as const;
    const { next, rotation } = await loadPki(state, wanted, { now, rotate: ['ca'] });
    expect(next.get('next/ca.key')).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
    await holdRotation(state, rotation, next);
    await advanceRotation(state, wanted, { cas: ['ca'], stage: 'trust' });
    const { pki, issued } = await loadOrCreatePki(state, wanted, sources);
    expect(issued).toContain('hosts/cp1/apiserver');
    expect(pki.certificate('apiserver').key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect((await loadPki(state, wanted, { now })).toIssue).toEqual([]);
  });
});
