import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { createPki } from '../../src/pki/lookup.ts';
import { pkiPlan, type Material } from '../../src/pki/plan.ts';
import {
  caSpec,
  host,
  keyFor,
  leafSpec,
  makeCa,
  makeLeaf,
  material,
  now,
  sampleCluster,
} from '../samples/pki.ts';

const cluster = sampleCluster();
const specs = certificatesFor(cluster);
const day = 24 * 3_600_000;
let complete: Material;
beforeAll(async () => {
  complete = await material(cluster);
});

const without = (...paths: string[]) => new Map([...complete].filter(([path]) => !paths.includes(path)));
const changed = (changes: Record<string, string>) => new Map([...complete, ...Object.entries(changes)]);
const rootsOnly = () => new Map([...complete].filter(([path]) => !path.startsWith('hosts/')));
const issued = (found: Material, at = now, wanted = specs) =>
  pkiPlan(wanted, found, at).issue.map(({ spec, key }) => `${spec.path} ${key}`);
const problems = (found: Material, at = now) =>
  pkiPlan(specs, found, at).problems.map(({ code, file, message }) => `${code} ${file} ${message}`);

describe('pkiPlan', () => {
  it('issues everything for a new cluster, signing keys first', () => {
    const plan = pkiPlan(specs, new Map(), now);
    expect(plan.issue.map(({ spec }) => spec.path)).toEqual(specs.map(({ path }) => path));
    expect(plan.issue.slice(0, 4).map(({ spec }) => spec.path)).toEqual([
      'ca',
      'front-proxy-ca',
      'etcd/ca',
      'sa',
    ]);
    expect([...plan.keep, ...plan.problems, ...plan.expiring]).toEqual([]);
  });

  it('keeps everything of a complete one', () => {
    const plan = pkiPlan(specs, complete, now);
    expect(plan.keep).toEqual(specs);
    expect([...plan.issue, ...plan.problems, ...plan.expiring]).toEqual([]);
  });

  it('reissues valid host certificates on request, with their keys, but never a root', () => {
    const plan = pkiPlan(specs, complete, now, ['ca', 'sa', 'hosts/cp1/apiserver', 'hosts/cp1/admin']);
    expect(plan.issue.map(({ spec, key, reason }) => `${spec.path} ${key} ${reason}`)).toEqual([
      'hosts/cp1/apiserver reuse renewed',
      'hosts/cp1/admin reuse renewed',
    ]);
    expect(plan.keep).toHaveLength(specs.length - 2);
  });

  it('issues only the new host’s certificates when a host joins', () => {
    const wanted = certificatesFor(
      sampleCluster({ hosts: [...cluster.hosts, host('w1', '10.99.7.12', 'worker')] }),
    );
    expect(issued(complete, now, wanted)).toEqual(['hosts/w1/kubelet new']);
  });

  it('reissues with the same key when SANs change, whatever their order', () => {
    const withSans = (...certSANs: string[]) =>
      certificatesFor(sampleCluster({ apiServer: { extraArgs: [], certSANs } }));
    expect(issued(complete, now, withSans('api.prod'))).toEqual(['hosts/cp1/apiserver reuse']);
    expect(issued(complete, now, withSans('cp1', '10.99.7.11'))).toEqual([]);
  });

  it.each([
    ['a key without its certificate', () => without('hosts/cp1/apiserver.crt'), 'hosts/cp1/apiserver reuse'],
    ['a certificate without its key', () => without('hosts/cp1/apiserver.key'), 'hosts/cp1/apiserver new'],
    [
      'a cut-off certificate',
      () => changed({ 'hosts/cp1/apiserver.crt': '-----BEGIN' }),
      'hosts/cp1/apiserver reuse',
    ],
    ['an empty key', () => changed({ 'hosts/cp1/apiserver.key': '' }), 'hosts/cp1/apiserver new'],
    [
      'a certificate of another row',
      () => changed({ 'hosts/cp1/scheduler.crt': complete.get('hosts/cp1/controller-manager.crt') ?? '' }),
      'hosts/cp1/scheduler reuse',
    ],
  ])('repairs %s', (_, found, wanted) => {
    expect(issued(found())).toEqual([wanted]);
    expect(problems(found())).toEqual([]);
  });

  it('repairs a pair of which only the key was replaced', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const keys = await Promise.all(names.map((name) => keyFor(name)));
    const other = keys.find((key) => key !== complete.get('hosts/cp1/admin.key')) ?? '';
    expect(issued(changed({ 'hosts/cp1/admin.key': other }))).toEqual(['hosts/cp1/admin reuse']);
  });

  it('reissues a certificate that another CA signed', async () => {
    const other = await makeCa(caSpec(cluster, 'etcd-ca'));
    const { cert, key } = await makeLeaf(leafSpec(cluster, 'admin', 'cp1'), other);
    const plan = pkiPlan(specs, changed({ 'hosts/cp1/admin.crt': cert, 'hosts/cp1/admin.key': key }), now);
    expect(plan.issue.map(({ reason }) => reason)).toEqual(['is not signed by the current ca']);
  });

  it('reissues an expired leaf, and warns of one within 90 days without touching it', () => {
    const early = new Date(now.getTime() + 274 * day);
    const late = new Date(now.getTime() + 276 * day);
    expect(pkiPlan(specs, complete, early).expiring).toEqual([]);
    const expiring = pkiPlan(specs, complete, late).expiring.map(({ spec }) => spec.path);
    expect(expiring).toHaveLength(11);
    expect(expiring).not.toContain('hosts/cp1/kubelet');
    expect(issued(complete, late)).toEqual([]);
    expect(issued(complete, new Date(now.getTime() + 366 * day))).toHaveLength(12);
  });
});

describe('signing material', () => {
  it.each(['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'etcd/ca.key', 'sa.key'])(
    'is never recreated while host certificates exist: %s',
    (path) => {
      expect(problems(without(path))).toEqual([`E-STATE ${path} is missing, but host certificates exist`]);
      expect(issued(without(path)).filter((line) => !line.startsWith('hosts/'))).toEqual([]);
    },
  );

  it('is never recreated, not even when both halves are gone or the host was removed from the inventory', () => {
    expect(problems(without('ca.crt', 'ca.key'))).toEqual([expect.stringContaining('E-STATE ca.crt')]);
    const stranger = new Map([['hosts/gone/kubelet.key', 'x']]);
    expect(problems(stranger)).toHaveLength(4);
    expect(pkiPlan(specs, stranger, now).issue.filter(({ spec }) => spec.kind !== 'leaf')).toEqual([]);
  });

  it('of etcd is not required where the cluster was created on an external etcd', () => {
    const foreign = new Map([...complete].filter(([path]) => !path.includes('etcd')));
    expect(problems(foreign)).toEqual([expect.stringContaining('created on the etcd of spec.etcd.external')]);
    expect(problems(without('etcd/ca.crt', 'etcd/ca.key'))).toEqual([
      'E-STATE etcd/ca.crt is missing, but host certificates exist',
    ]);
  });

  it('is completed after a run that was killed before any host’s certificate', () => {
    const found = rootsOnly();
    found.delete('ca.crt');
    found.delete('sa.key');
    expect(issued(found).slice(0, 2)).toEqual(['ca reuse', 'sa new']);
    expect(problems(found)).toEqual([]);
  });

  it('may be the user’s', () => {
    const found = new Map([...complete].filter(([path]) => ['ca.crt', 'ca.key'].includes(path)));
    expect(pkiPlan(specs, found, now).keep.map(({ path }) => path)).toEqual(['ca']);
    expect(problems(found)).toEqual([]);
  });

  it.each([
    ['expired', () => rootsOnly(), new Date('2037-01-01T00:00:00Z'), /^E-PKI ca\.crt expired on 2036-11-17/],
    [
      'not yet valid',
      () => rootsOnly(),
      new Date('2026-01-01T00:00:00Z'),
      /^E-PKI ca\.crt is not valid before 2026/,
    ],
    [
      'garbage',
      () => rootsOnly().set('ca.crt', 'nonsense'),
      now,
      /^E-PKI ca\.crt does not contain a readable PEM certificate/,
    ],
    [
      'a leaf',
      () => rootsOnly().set('ca.crt', complete.get('hosts/cp1/admin.crt') ?? ''),
      now,
      /is not a CA certificate/,
    ],
  ] as const)('is refused when it is %s', (_, found, at, wanted) => {
    expect(problems(found(), at)[0]).toMatch(wanted);
  });

  it('is refused without its key, with another key, and with an encrypted one', () => {
    const lone = new Map([['ca.crt', complete.get('ca.crt') ?? '']]);
    expect(problems(lone)).toEqual(['E-PKI ca.crt has no ca.key beside it']);
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    expect(problems(rootsOnly().set('ca.key', privateKey))[0]).toMatch(/^E-PKI ca\.crt .* encrypted/);
    const other = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    expect(problems(rootsOnly().set('ca.key', other.privateKey))).toEqual([
      'E-PKI ca.crt does not match the private key beside it',
    ]);
  });

  it('may have an EC key, and so may the ServiceAccount key', () => {
    const ecKey = () => {
      const pair = generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'sec1', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      return pair.privateKey;
    };
    const key = ecKey();
    const script =
      'd=$(mktemp -d); trap "rm -r $d" EXIT; umask 077; cat >$d/key; openssl req -x509 -new -key $d/key -subj /CN=ec -days 9000';
    const cert = execFileSync('sh', ['-ec', script], { input: key, encoding: 'utf8' });
    const found = rootsOnly().set('ca.crt', cert).set('ca.key', key).set('sa.key', ecKey());
    const own = problems(found, new Date(Date.now() + day)).filter((line) =>
      / (ca\.crt|sa\.key) /.test(line),
    );
    expect(own).toEqual([]);
  });

  it('may be an intermediate CA only along with its issuers', async () => {
    const root = await makeCa(caSpec(cluster, 'front-proxy-ca'));
    const intermediate = {
      cert: intermediateOf(root, await keyFor('between')),
      key: await keyFor('between'),
    };
    const at = new Date(Date.now() + 60_000);
    const found = new Map([['ca.key', intermediate.key]]);
    const own = () => problems(found, at).filter((line) => line.includes(' ca.crt '));
    found.set('ca.crt', intermediate.cert);
    expect(own()).toEqual([expect.stringContaining('is an intermediate CA; append')]);
    found.set('ca.crt', intermediate.cert + root.cert);
    expect(own()).toEqual([]);
  });
});

describe('createPki', () => {
  it('answers with the material, and for the first control plane where no host is named', () => {
    const pki = createPki(specs, complete);
    expect(pki.signer('etcd-ca').cert).toBe(complete.get('etcd/ca.crt'));
    expect(pki.certificate('etcd-peer', 'cp1').key).toBe(complete.get('hosts/cp1/etcd/peer.key'));
    expect(pki.certificate('admin')).toEqual(pki.certificate('admin', 'cp1'));
    expect(pki.serviceAccount().publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(pki.isIssued('sa') && pki.isIssued('apiserver', 'cp1')).toBe(true);
  });

  it('answers with placeholders that no parser takes for PEM where nothing is issued', () => {
    const pki = createPki(specs, new Map());
    const { privateKey, publicKey } = pki.serviceAccount();
    const [ca, kubelet] = [pki.signer('ca'), pki.certificate('kubelet', 'cp1')];
    const texts = [ca.cert, ca.key, kubelet.cert, kubelet.key, privateKey, publicKey];
    for (const text of texts) expect(text).toMatch(/^# .+: issued when the plan is applied\n$/);
    expect(new Set(texts).size).toBe(texts.length);
    expect(pki.isIssued('ca')).toBe(false);
  });

  it('does not answer for a host that has no such certificate', () => {
    expect(() => createPki(specs, complete).certificate('apiserver', 'w1')).toThrow(/apiserver/);
  });
});

/** A CA certificate for `key`, signed by `root`; OpenSSL makes it. */
function intermediateOf(root: { cert: string; key: string }, key: string): string {
  const script = [
    'd=$(mktemp -d); trap "rm -r $d" EXIT; umask 077',
    'printf %s "$ROOT" >$d/ca.crt; printf %s "$ROOTKEY" >$d/ca.key; printf %s "$KEY" >$d/key',
    'openssl req -new -key $d/key -subj /CN=between -out $d/csr',
    'printf "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign\\n" >$d/ext',
    'openssl x509 -req -in $d/csr -CA $d/ca.crt -CAkey $d/ca.key -CAcreateserial -days 9000 -extfile $d/ext 2>/dev/null',
  ].join('\n');
  const env = { ...process.env, ROOT: root.cert, ROOTKEY: root.key, KEY: key };
  return execFileSync('sh', ['-ec', script], { env, encoding: 'utf8' });
}
