import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { certificateStatus } from '../../src/pki/inspect.ts';
import { caSpec, leafSpec, makeCa, makeLeaf, now, sampleCluster } from '../samples/pki.ts';

const days = (count: number): Date => new Date(now.getTime() + count * 86_400_000);

it('says how long a certificate lasts, from the moment before it is valid until it has expired', async () => {
  const cluster = sampleCluster();
  const ca = await makeCa(caSpec(cluster, 'ca'));
  const { cert } = await makeLeaf(leafSpec(cluster, 'kubelet', 'cp1'), ca);
  const at = { where: 'file' as const, host: 'cp1', place: '/x' };
  const seen = (day: number, warnDays = 30): readonly unknown[] => {
    const status = certificateStatus(new X509Certificate(cert), at, { now: days(day), warnDays });
    return [status.condition, status.daysLeft];
  };
  expect(seen(-1)).toEqual(['not-yet-valid', 366]);
  expect(seen(0)).toEqual(['valid', 365]);
  expect(seen(335)).toEqual(['valid', 30]);
  expect(seen(335.1)).toEqual(['running-out', 29]);
  expect(seen(335.1, 29)).toEqual(['valid', 29]);
  expect(seen(364.9, 0)).toEqual(['valid', 0]);
  expect(seen(365.1, 0)).toEqual(['expired', -1]);
  expect(certificateStatus(new X509Certificate(cert), at, { now, warnDays: 30 })).toMatchObject({
    ...{ host: 'cp1', role: 'leaf', subject: 'O=system:nodes, CN=system:node:cp1', issuer: 'CN=kubernetes' },
    expires: '2027-11-20T10:00:00.000Z',
  });
});
