import { beforeAll, describe, expect, it } from 'vitest';
import { externalPems } from '../../../src/desire/adopt/external-etcd.ts';
import type { SeenCluster } from '../../../src/desire/adopt/types.ts';
import type { Pki } from '../../../src/pki/types.ts';
import { haCluster, issuedNow } from '../../plan/world.ts';

const external = {
  endpoints: ['https://10.0.0.31:2379'],
  ...{ caFile: '/srv/ca.pem', certFile: '/srv/client.pem', keyFile: '/srv/client.key' },
};
const plane = (name: string): SeenCluster['nodes'][number] => ({
  ...{ apiVersion: 'v1', kind: 'Node' },
  metadata: { name, labels: { 'node-role.kubernetes.io/control-plane': '' } },
});
const seen: SeenCluster = {
  ...{ nodes: [plane('cp-1'), plane('cp-2')], daemonSets: [], configMaps: new Map(), hosts: new Map() },
};
let files: ReadonlyMap<string, string>;
let pki: Pki;
beforeAll(async () => {
  ({ pki } = await issuedNow(haCluster));
  const [first] = haCluster.hosts;
  const { cert, key } = pki.certificate('apiserver-etcd-client', first?.name ?? '');
  files = new Map([
    ['/srv/ca.pem', pki.signer('etcd-ca').cert],
    ['/srv/client.pem', cert],
    ['/srv/client.key', key],
  ]);
});
const reasons = (of: object, texts: ReadonlyMap<string, string>, now = new Date()): readonly string[] =>
  externalPems({ ...external, ...of }, seen, new Map([['cp-2', texts]]), now).obstacles.map(
    ({ message }) => message,
  );

describe('the credentials of an external etcd', () => {
  it('are those of a control plane that has all of them', () => {
    const { pems, obstacles } = externalPems(external, seen, new Map([['cp-2', files]]), new Date());
    expect(obstacles).toEqual([]);
    expect(pems?.caPem).toBe(files.get('/srv/ca.pem'));
    expect(pems?.keyPem).toBe(files.get('/srv/client.key'));
  });

  it('that are missing, of no TLS, or have ended, are told', () => {
    const without = new Map([...files].filter(([path]) => path !== '/srv/client.key'));
    expect(reasons({}, without)).toEqual([
      expect.stringMatching(/^\/srv\/ca\.pem, .* not on any control plane/),
    ]);
    expect(reasons({ caFile: '', keyFile: '' }, files)).toEqual([
      expect.stringMatching(/external etcd has no caFile, keyFile/),
    ]);
    expect(reasons({}, files, new Date('2100-01-01')).join()).toMatch(/cp-2: \/srv\/.*expired/);
    const other = new Map([...files, ['/srv/client.key', pki.signer('ca').key]]);
    expect(reasons({}, other).join()).toMatch(/cp-2: \/srv\/client\.key/);
  });
});
