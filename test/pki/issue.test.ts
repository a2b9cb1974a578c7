import { execFileSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { caKeyAlgorithms } from '../../src/model/pki.ts';
import { issueCa, issueCross, issueLeaf } from '../../src/pki/issue.ts';
import { generateCaKey } from '../../src/pki/keys.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { validity } from '../../src/pki/parse.ts';
import {
  caSpec,
  context,
  host,
  keyFor,
  leafSpec,
  leaves,
  makeCa,
  makeLeaf,
  material,
  now,
  sampleCluster,
} from '../samples/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'kboot-issue-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const openssl = (args: string[], input = '') =>
  execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
const printed = (pem: string) => openssl(['x509', '-noout', '-text', '-nameopt', 'RFC2253'], pem);

/** The row of pki.md that each certificate must match, as OpenSSL prints it. */
const server = 'TLS Web Server Authentication';
const client = 'TLS Web Client Authentication';
const apiServerNames =
  'DNS:cp1, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, ' +
  'DNS:kubernetes.default.svc.cluster.local, IP Address:10.96.0.1, IP Address:10.99.7.11';
const etcdNames =
  'DNS:cp1, DNS:localhost, IP Address:10.99.7.11, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1';
// prettier-ignore
const facts = [
  // path, signed by, subject, extended key usage, SANs
  ['ca',                                 'ca',             'CN=kubernetes',                                         undefined,               'DNS:kubernetes'],
  ['front-proxy-ca',                     'front-proxy-ca', 'CN=front-proxy-ca',                                     undefined,               'DNS:front-proxy-ca'],
  ['etcd/ca',                            'etcd/ca',        'CN=etcd-ca',                                            undefined,               'DNS:etcd-ca'],
  ['hosts/cp1/apiserver',                'ca',             'CN=kube-apiserver',                                     server,                  apiServerNames],
  ['hosts/cp1/apiserver-kubelet-client', 'ca',             'CN=kube-apiserver-kubelet-client',                      client,                  undefined],
  ['hosts/cp1/front-proxy-client',       'front-proxy-ca', 'CN=front-proxy-client',                                 client,                  undefined],
  ['hosts/cp1/apiserver-etcd-client',    'etcd/ca',        'CN=kube-apiserver-etcd-client',                         client,                  undefined],
  ['hosts/cp1/etcd/server',              'etcd/ca',        'CN=cp1',                                                `${server}, ${client}`,  etcdNames],
  ['hosts/cp1/etcd/peer',                'etcd/ca',        'CN=cp1',                                                `${server}, ${client}`,  etcdNames],
  ['hosts/cp1/etcd/healthcheck-client',  'etcd/ca',        'CN=kube-etcd-healthcheck-client',                       client,                  undefined],
  ['hosts/cp1/admin',                    'ca',             'CN=kubernetes-admin,O=kubeadm:cluster-admins',          client,                  undefined],
  ['hosts/cp1/super-admin',              'ca',             'CN=kubernetes-super-admin,O=system:masters',            client,                  undefined],
  ['hosts/cp1/controller-manager',       'ca',             'CN=system:kube-controller-manager',                     client,                  undefined],
  ['hosts/cp1/scheduler',                'ca',             'CN=system:kube-scheduler',                              client,                  undefined],
  ['hosts/cp1/kubelet',                  'ca',             'CN=system:node:cp1,O=system:nodes',                     client,                  undefined],
] as const;

describe('the certificates of the sample cluster', () => {
  let files: Map<string, string>;
  const pem = (path: string) => files.get(path) ?? '';
  beforeAll(async () => {
    files = await material(sampleCluster());
  });

  it('are exactly those listed above', () => {
    const certificates = [...files.keys()].filter((path) => path.endsWith('.crt'));
    expect(certificates.sort()).toEqual(facts.map(([path]) => `${path}.crt`).sort());
  });

  it.each(facts)('%s matches its row', (path, issuer, subject, usage, names) => {
    const text = printed(pem(`${path}.crt`));
    const isCa = path === issuer;
    const extension = (name: string) =>
      new RegExp(`X509v3 ${name}: *(critical)?\\s*\\n\\s+(.+)`).exec(text)?.slice(1, 3);

    expect(text).toContain('Version: 3 (0x2)');
    expect(text.match(/Signature Algorithm: sha256WithRSAEncryption/g)).toHaveLength(2);
    expect(text).toContain('Public-Key: (2048 bit)');
    expect(/Subject: (.*)/.exec(text)?.[1]).toBe(subject);
    expect(extension('Extended Key Usage')).toEqual(usage === undefined ? undefined : [undefined, usage]);
    expect(extension('Subject Alternative Name')).toEqual(
      names === undefined ? undefined : [undefined, names],
    );
    expect(extension('Key Usage')).toEqual([
      'critical',
      isCa ? 'Digital Signature, Key Encipherment, Certificate Sign' : 'Digital Signature, Key Encipherment',
    ]);
    expect(extension('Basic Constraints')).toEqual(['critical', isCa ? 'CA:TRUE' : 'CA:FALSE']);
    expect(text.includes('Subject Key Identifier')).toBe(isCa);
    expect(text.includes('Authority Key Identifier')).toBe(!isCa);

    const certificate = new X509Certificate(pem(`${path}.crt`));
    const ca = new X509Certificate(pem(`${issuer}.crt`));
    expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).toBe(true);
    expect(certificate.publicKey.equals(createPublicKey(pem(`${path}.key`)))).toBe(true);
    expect(validity(certificate)).toEqual({
      notBefore: new Date('2026-11-20T09:55:00Z'),
      notAfter: new Date(now.getTime() + (isCa ? 87_600 : 8_760) * 3_600_000),
    });
  });

  it.each(facts)('%s passes openssl verify in strict mode', (path, issuer) => {
    const [ca, leaf] = [join(folder, 'ca.crt'), join(folder, 'leaf.crt')];
    writeFileSync(ca, pem(`${issuer}.crt`));
    writeFileSync(leaf, pem(`${path}.crt`));
    const at = String(now.getTime() / 1000);
    expect(openssl(['verify', '-x509_strict', '-attime', at, '-CAfile', ca, leaf])).toContain('leaf.crt: OK');
  });

  it.each(facts)('%s is one PEM block with LF line ends and PrintableString subjects', (path) => {
    const text = pem(`${path}.crt`);
    expect(text).toMatch(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n$/);
    const strings = openssl(['asn1parse'], text).match(/PRINTABLESTRING|UTF8STRING/g) ?? [];
    expect(new Set(strings)).toEqual(new Set(['PRINTABLESTRING']));
  });
});

describe('serial numbers', () => {
  it.each([
    ['zeros', 0x00],
    ['ones', 0xff],
    ['the top bit', 0x80],
  ])('stay positive, non-zero and 16 bytes long when the randomness is %s', async (_, byte) => {
    const randomBytes = (size: number) => new Uint8Array(size).fill(byte);
    const { cert } = await makeCa(caSpec(sampleCluster(), 'ca'), { now, randomBytes });
    const serial = new X509Certificate(cert).serialNumber;
    expect(serial).toHaveLength(32);
    expect(serial).toMatch(/^[4-7]/);
  });
});

describe('many certificates', () => {
  it('all verify, with unique serials', async () => {
    const hosts = Array.from({ length: 500 }, (_, i) =>
      host(`w${i}`, i % 2 ? `10.1.${i >> 8}.${i & 255}` : `fd00::${i.toString(16)}`, 'etcd'),
    );
    const specs = leaves(certificatesFor(sampleCluster({ hosts }))).filter(({ id }) => id === 'etcd-server');
    const ca = await makeCa(caSpec(sampleCluster(), 'etcd-ca'));
    const key = await keyFor('shared');
    const certificates = specs.map((spec) => issueLeaf(spec, key, ca, context));
    writeFileSync(join(folder, 'many-ca.crt'), ca.cert);
    const names = certificates.map((cert, index) => {
      writeFileSync(join(folder, `many-${index}.crt`), cert);
      return join(folder, `many-${index}.crt`);
    });
    const at = String(now.getTime() / 1000);
    const output = openssl([
      'verify',
      '-x509_strict',
      '-attime',
      at,
      '-CAfile',
      join(folder, 'many-ca.crt'),
      ...names,
    ]);
    expect(output.match(/: OK$/gm)).toHaveLength(500);
    expect(new Set(certificates.map((cert) => new X509Certificate(cert).serialNumber)).size).toBe(500);
  });
});

describe('dates', () => {
  it.each([
    ['2026-02-28T23:59:59Z', /UTCTIME/g, 4],
    ['2045-03-01T00:00:00Z', /GENERALIZEDTIME/g, 1],
    ['2049-12-31T23:58:00Z', /GENERALIZEDTIME/g, 2],
    ['2050-01-01T00:05:00Z', /GENERALIZEDTIME/g, 4],
    ['2071-06-05T04:03:02Z', /GENERALIZEDTIME/g, 4],
  ])('of a CA and its leaf issued at %s are encoded as RFC 5280 demands', async (at, kind, count) => {
    const using = { ...context, now: new Date(at) };
    const ca = await makeCa(caSpec(sampleCluster(), 'ca'), using);
    const leaf = await makeLeaf(leafSpec(sampleCluster(), 'admin', 'cp1'), ca, using);
    const encoded = openssl(['asn1parse'], ca.cert) + openssl(['asn1parse'], leaf.cert);
    expect(encoded.match(kind)).toHaveLength(count);
    expect(validity(new X509Certificate(leaf.cert))).toEqual({
      notBefore: new Date(using.now.getTime() - 300_000),
      notAfter: new Date(using.now.getTime() + 8_760 * 3_600_000),
    });
  });
});

describe('a CA of the user', () => {
  /** Made by OpenSSL, for `subject`, with the given extensions. */
  const opensslCa = async (subject: string, ...extensions: string[]): Promise<KeyPair> => {
    const key = await keyFor('own');
    const keyFile = join(folder, 'own.key');
    writeFileSync(keyFile, key);
    const added = extensions.flatMap((extension) => ['-addext', extension]);
    const cert = openssl([
      'req',
      '-x509',
      '-new',
      '-utf8',
      '-key',
      keyFile,
      '-subj',
      subject,
      '-days',
      '3650',
      ...added,
    ]);
    return { cert, key };
  };
  const today = { ...context, now: new Date() };
  const spec = leafSpec(sampleCluster(), 'apiserver', 'cp1');

  it('with a non-ASCII, several-part subject signs leaves that verify', async () => {
    const ca = await opensslCa('/C=DE/O=Büro Süd/CN=Prüf CA', 'keyUsage=critical,keyCertSign,cRLSign');
    const leaf = await makeLeaf(spec, ca, today);
    writeFileSync(join(folder, 'own-ca.crt'), ca.cert);
    writeFileSync(join(folder, 'own-leaf.crt'), leaf.cert);
    expect(
      openssl([
        'verify',
        '-x509_strict',
        '-CAfile',
        join(folder, 'own-ca.crt'),
        join(folder, 'own-leaf.crt'),
      ]),
    ).toContain('OK');
  });

  it('passes on its own key identifier, however it was computed', async () => {
    const ca = await opensslCa('/CN=own', 'subjectKeyIdentifier=0102030405');
    expect(printed((await makeLeaf(spec, ca, today)).cert)).toMatch(
      /Authority Key Identifier: \n\s+(keyid:)?01:02:03:04:05/i,
    );
  });

  it('that may not sign certificates is refused at the first leaf', async () => {
    const ca = await opensslCa('/CN=own', 'keyUsage=critical,digitalSignature');
    await expect(makeLeaf(spec, ca, today)).rejects.toMatchObject({ code: 'E-PKI' });
  });
});

it('refuses a subject that is not a PrintableString', async () => {
  const key = await keyFor('x');
  expect(() => issueCa({ kind: 'ca', id: 'ca', path: 'ca', commonName: 'a@b' }, key, context)).toThrow(/a@b/);
});

describe.each(caKeyAlgorithms)('CAs with %s keys', (algorithm) => {
  const cluster = sampleCluster();
  const today = { ...context, now: new Date() };
  const spec = leafSpec(cluster, 'apiserver', 'cp1');
  const make = async (): Promise<KeyPair> => {
    const key = await generateCaKey(algorithm);
    return { cert: issueCa(caSpec(cluster, 'ca'), key, today), key };
  };
  const verified = (trusted: string, leaf: string, between = ''): string => {
    for (const [name, text] of Object.entries({ trusted, leaf, between }))
      writeFileSync(join(folder, `${name}.crt`), text);
    const files = (name: string): string => join(folder, `${name}.crt`);
    const untrusted = between === '' ? [] : ['-untrusted', files('between')];
    return openssl([
      ...['verify', '-x509_strict', '-no-CApath', '-no-CAstore'],
      ...['-CAfile', files('trusted'), ...untrusted, files('leaf')],
    ]);
  };

  it('sign what OpenSSL verifies', async () => {
    const ca = await make();
    const [kind = '', size = ''] = algorithm.split('-');
    expect(printed(ca.cert)).toMatch(
      kind === 'RSA' ? `(${size} bit)` : `NIST CURVE: ${size.replace('P', 'P-')}`,
    );
    expect(verified(ca.cert, (await makeLeaf(spec, ca, today)).cert)).toContain('OK');
  });

  it('are verified by those who know the former CA only, and by those who know the new one only', async () => {
    const [former, next] = [await makeCa(caSpec(cluster, 'ca'), today), await make()];
    const cross = issueCross(next.cert, former, today);
    const leaf = (await makeLeaf(spec, next, today)).cert;
    expect(verified(former.cert, leaf, cross)).toContain('OK');
    expect(verified(next.cert, leaf, cross)).toContain('OK');
    expect(() => verified(former.cert, leaf)).toThrow(/Command failed/);
    // And a CA of another kind signs for an RSA one: a cluster may go back.
    const back = issueCross(former.cert, next, today);
    expect(verified(next.cert, (await makeLeaf(spec, former, today)).cert, back)).toContain('OK');
  });
});
