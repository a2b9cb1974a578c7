import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import type { ClientCertificateResource } from '../../src/resource/types.ts';
import { caSpec, host, leafSpec, makeCa, makeLeaf, sampleCluster, context } from '../samples/pki.ts';

const cluster = sampleCluster({
  hosts: [host('cp1', '10.99.7.11', 'control-plane'), host('w1', '10.99.7.12', 'worker')],
});
const none = { disturbed: new Set<string>() };
const kind = handlerOf('client-certificate');
const longAgo = { ...context, now: new Date('2020-01-01T00:00:00Z') };
let ca: string, other: string, mine: string, cp: string, strange: string, expired: string;

beforeAll(async () => {
  const using = { ...context, now: new Date() };
  const [pair, foreign] = [
    await makeCa(caSpec(cluster, 'ca'), using),
    await makeCa(caSpec(cluster, 'etcd-ca'), using),
  ];
  const oldCa = await makeCa(caSpec(cluster, 'ca'), longAgo);
  ca = pair.cert;
  other = oldCa.cert;
  mine = (await makeLeaf(leafSpec(cluster, 'kubelet', 'w1'), pair, using)).cert;
  cp = (await makeLeaf(leafSpec(cluster, 'kubelet', 'cp1'), pair, using)).cert;
  strange = (await makeLeaf({ ...leafSpec(cluster, 'kubelet', 'w1'), ca: 'etcd-ca' }, foreign, using)).cert;
  expired = (await makeLeaf(leafSpec(cluster, 'kubelet', 'w1'), oldCa, longAgo)).cert;
}, 60_000);

const want = (caPem: string | null = ca): ClientCertificateResource => ({
  kind: 'client-certificate',
  stage: 'node',
  commonName: 'system:node:w1',
  content: { kind: 'secret', name: 'w1:kubelet-client.pem', digest: sha256('anything') },
  caPem,
  readBy: ['kubelet'],
});
const reasonFor = (pem: string, caPem: string | null = ca): string | undefined =>
  kind.action(want(caPem), { state: 'present', found: pem }, none)?.reason;

describe('client certificate', () => {
  it('reads the current one', () => {
    expect(kind.read([want()], '')).toEqual([{ state: 'absent' }]);
    expect(kind.read([want()], `present\n${mine}`)).toEqual([{ state: 'present', found: mine }]);
  });

  it('accepts any valid one from this CA for this node: a rotated one is not drift', () => {
    expect(reasonFor(mine)).toBeUndefined();
  });

  it('replaces any other, and says why', () => {
    expect(kind.action(want(), { state: 'absent' }, none)).toMatchObject({
      verb: 'create',
      disturbs: ['kubelet'],
    });
    expect(reasonFor(cp)).toMatch(/^the current one is for another name/);
    expect(reasonFor(strange)).toMatch(/^the current one was not issued by this cluster's CA/);
    expect(reasonFor(mine, null)).toMatch(/^the current one was not issued by this cluster's CA/);
    expect(reasonFor(expired, other)).toMatch(/^the current one expired on 2020-12-31;/);
    expect(reasonFor('garbage')).toMatch(/^the current one cannot be read/);
    expect(reasonFor('')).toMatch(/^the current one cannot be read/);
  });

  it('refers to the secret by name only', () => {
    const action = kind.action(want(), { state: 'absent' }, none);
    expect(action?.payload?.content).toEqual(want().content);
    expect(action?.script).not.toContain('BEGIN');
  });
});
