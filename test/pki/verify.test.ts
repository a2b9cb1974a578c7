import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KeyPair, LeafSpec } from '../../src/pki/types.ts';
import { caProblems, leafProblems } from '../../src/pki/verify.ts';
import { caSpec, leafSpec, makeCa, makeLeaf, now, sampleCluster } from '../samples/pki.ts';

const cluster = sampleCluster();
const spec = leafSpec(cluster, 'etcd-server', 'cp1');
let ca: KeyPair;
let leaf: KeyPair;
beforeAll(async () => {
  ca = await makeCa(caSpec(cluster, 'etcd-ca'));
  leaf = await makeLeaf(spec, ca);
});
const check = (wanted: LeafSpec, at = now) =>
  leafProblems(
    new X509Certificate(leaf.cert),
    createPrivateKey(leaf.key),
    wanted,
    new X509Certificate(ca.cert),
    at,
  );

describe('leafProblems', () => {
  it('finds none in a certificate issued for the spec', () => {
    expect(check(spec)).toEqual([]);
  });

  it.each([
    ['another name', { commonName: 'cp2' }, 'differs in the subject: lacks CN=cp2; has CN=cp1'],
    ['an organization', { organization: 'o' }, 'differs in the subject: lacks O=o'],
    ['fewer usages', { usages: ['serverAuth'] }, 'differs in the extended key usage: has 1.3.6.1.5.5.7.3.2'],
    [
      'another address',
      { sans: { ...spec.sans, ips: ['fd00::1'] } },
      /lacks IP:fd00::1; has IP:10\.99\.7\.11.*IP:::1/,
    ],
    ['no SANs', { sans: { dns: [], ips: [] } }, /differs in the list of SANs: has DNS:cp1/],
  ] as const)('names the difference: %s', (_, change, wanted) => {
    expect(check({ ...spec, ...change })).toEqual([
      typeof wanted === 'string' ? wanted : expect.stringMatching(wanted),
    ]);
  });

  it('accepts SANs in any order', () => {
    expect(
      check({ ...spec, sans: { dns: [...spec.sans.dns].reverse(), ips: [...spec.sans.ips].reverse() } }),
    ).toEqual([]);
  });

  it('knows the first and the last second of validity', () => {
    const at = (text: string) => check(spec, new Date(text));
    expect(at('2026-11-20T09:54:59Z')).toEqual([expect.stringContaining('is not valid before')]);
    expect(at('2026-11-20T09:55:00Z')).toEqual([]);
    expect(at('2027-11-20T10:00:00Z')).toEqual([]);
    expect(at('2027-11-20T10:00:01Z')).toEqual([expect.stringContaining('expired on 2027-11-20')]);
  });
});

describe('caProblems', () => {
  it("finds none in kboot's own CA, and every one in a leaf", () => {
    expect(caProblems(ca, now)).toEqual([]);
    expect(caProblems(leaf, now)).toEqual([
      'is not a CA certificate (basicConstraints lacks CA:TRUE)',
      expect.stringContaining('is an intermediate CA'),
    ]);
  });

  it('sees a certificate whose signature was changed', () => {
    const der = Buffer.from(new X509Certificate(ca.cert).raw);
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    expect(caProblems({ ...ca, cert: new X509Certificate(der).toString() }, now)).toEqual([
      'is self-signed, but its signature does not verify',
    ]);
  });
});
