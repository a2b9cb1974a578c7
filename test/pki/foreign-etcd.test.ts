import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueCa, issueLeaf } from '../../src/pki/issue.ts';
import {
  foreignEtcdProblems,
  withForeignEtcd,
  type ForeignEtcdPems,
  type ForeignEtcdProblem,
} from '../../src/pki/foreign-etcd.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { caSpec, context, keyFor, leafSpec, makeCa, makeLeaf, now, sampleCluster } from '../samples/pki.ts';

const cluster = sampleCluster();
const client = leafSpec(cluster, 'apiserver-etcd-client', 'cp1');
const year = 365 * 24 * 3_600_000;
let ca: KeyPair;
/** The same subject with another key: only the signature differs. */
let stranger: KeyPair;
let good: ForeignEtcdPems;

beforeAll(async () => {
  ca = await makeCa(caSpec(cluster, 'etcd-ca'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  stranger = { cert: issueCa(caSpec(cluster, 'etcd-ca'), key, context), key };
  const leaf = await makeLeaf(client, ca);
  good = { caPem: ca.cert, certificatePem: leaf.cert, keyPem: leaf.key };
}, 60_000);

const told = (change: Partial<ForeignEtcdPems>, at: Date = now): string[] =>
  foreignEtcdProblems({ ...good, ...change }, at).map(
    ({ field, severity, message }: ForeignEtcdProblem) => `${severity} ${field} ${message}`,
  );

describe('files of spec.etcd.external', () => {
  it('are fine when they fit together', () => {
    expect(told({})).toEqual([]);
  });

  it('each contain the right kind of PEM', () => {
    expect(told({ caPem: 'x', certificatePem: '', keyPem: good.certificatePem })).toEqual([
      'error caFile does not contain a readable PEM certificate',
      'error certFile does not contain a readable PEM certificate',
      'error keyFile has a private key that cannot be read as PEM',
    ]);
  });

  it('the key must match the certificate', () => {
    expect(told({ keyPem: stranger.key })).toEqual([
      'error keyFile does not match the certificate in certFile',
    ]);
  });

  it('a CA in caFile must have signed the certificate; otherwise only that is reported', async () => {
    const leaf = issueLeaf(client, await keyFor(client.path), stranger, context);
    expect(told({ certificatePem: leaf })).toEqual([
      expect.stringContaining('error certFile is not signed by a CA in caFile'),
    ]);
    expect(told({ certificatePem: leaf, keyPem: stranger.key })).toHaveLength(1);
    const both = `${ca.cert}${stranger.cert}`;
    expect(told({ caPem: both, certificatePem: leaf })).toEqual([]);
  });

  it('the certificate must be a client certificate', async () => {
    const spec = { ...client, usages: ['serverAuth' as const] };
    const pair = await makeLeaf(spec, ca);
    expect(told({ certificatePem: pair.cert })).toEqual([expect.stringContaining('lacks clientAuth')]);
  });

  it('expired is an error, about to expire a warning with the date', () => {
    const late = new Date(now.getTime() + year + 1000);
    expect(told({}, late)).toEqual(['error certFile expired on 2027-11-20T10:00:00.000Z']);
    const soon = new Date(now.getTime() + year - 30 * 24 * 3_600_000);
    expect(told({}, soon)).toEqual([expect.stringMatching(/^warning certFile expires on 2027-11-20; /)]);
  });
});

describe('a PKI with an etcd that someone else runs', () => {
  const external = { endpoints: ['https://10.0.0.31:2379'], caFile: '/a', certFile: '/b', keyFile: '/c' };
  const foreign = sampleCluster({ etcd: { extraArgs: [], external } });

  it('issues nothing for etcd', () => {
    const names = certificatesFor(foreign).map(({ id }) => id as string);
    expect(names.filter((id) => id.includes('etcd'))).toEqual([]);
    expect(names).toContain('apiserver');
  });

  it("gives every API server the operator's files, and nobody the CA's key", () => {
    const pki = withForeignEtcd(createPki(certificatesFor(foreign), new Map()), good);
    expect(pki.certificate('apiserver-etcd-client', 'cp1')).toEqual({
      cert: good.certificatePem,
      key: good.keyPem,
    });
    expect(pki.signer('etcd-ca').cert).toBe(good.caPem);
    expect(pki.signer('etcd-ca').key).not.toContain('PRIVATE');
    expect(pki.isIssued('etcd-ca')).toBe(true);
    expect(pki.isIssued('ca')).toBe(false);
  });

  it('treats files that were not read as not issued', () => {
    const pki = withForeignEtcd(createPki(certificatesFor(foreign), new Map()), undefined);
    expect(pki.isIssued('apiserver-etcd-client', 'cp1')).toBe(false);
    expect(pki.signer('etcd-ca').cert).not.toContain('BEGIN');
  });
});
