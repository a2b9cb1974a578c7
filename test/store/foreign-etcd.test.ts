import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readForeignEtcd } from '../../src/store/foreign-etcd.ts';
import { caSpec, leafSpec, makeCa, makeLeaf, now, sampleCluster } from '../samples/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'kboot-etcd-'));
const at = (name: string): string => join(folder, name);
const files = { endpoints: [], caFile: at('ca.crt'), certFile: at('client.crt'), keyFile: at('client.key') };

beforeAll(async () => {
  const cluster = sampleCluster();
  const ca = await makeCa(caSpec(cluster, 'etcd-ca'));
  const leaf = await makeLeaf(leafSpec(cluster, 'apiserver-etcd-client', 'cp1'), ca);
  writeFileSync(files.caFile, ca.cert);
  writeFileSync(files.certFile, leaf.cert);
  writeFileSync(files.keyFile, leaf.key);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('reads the three files', () => {
  const { pems, problems } = readForeignEtcd(files, now);
  expect(problems).toEqual([]);
  expect(pems?.keyPem).toContain('PRIVATE KEY');
});

it('reports each file that cannot be read, once, and then returns none', () => {
  const { pems, problems } = readForeignEtcd({ ...files, caFile: folder, keyFile: at('none') }, now);
  expect(pems).toBeUndefined();
  expect(problems.map(({ field, message }) => `${field} ${message}`)).toEqual([
    'caFile is a folder',
    'keyFile does not exist',
  ]);
});
