import { beforeAll, describe, expect, it } from 'vitest';
import { entranceObstacles } from '../../../src/desire/adopt/entrance.ts';
import type { Pki } from '../../../src/pki/types.ts';
import { haCluster, issuedNow } from '../../plan/world.ts';

let pki: Pki;
beforeAll(async () => {
  ({ pki } = await issuedNow(haCluster));
});

describe('the API of a control plane', () => {
  it('cannot be asked with certificates that have ended: each is named with its date', () => {
    const name = haCluster.hosts[0]?.name ?? '';
    const admin = pki.certificate('admin', name).cert;
    const files = new Map([['/etc/kubernetes/pki/apiserver.crt', pki.certificate('apiserver', name).cert]]);
    const at = (now: Date): readonly string[] =>
      entranceObstacles('cp', { files }, { certificatePem: admin }, now).map(({ message }) => message);
    expect(at(new Date())).toEqual([]);
    expect(at(new Date('2100-01-01'))).toEqual([
      expect.stringMatching(
        /^cp: the client certificate in \/etc\/kubernetes\/admin\.conf expired on \d{4}-/,
      ),
      expect.stringMatching(/^cp: \/etc\/kubernetes\/pki\/apiserver\.crt expired on \d{4}-/),
    ]);
  });
});
