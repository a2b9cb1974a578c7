import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readInventory } from '../../src/app/read-inventory.ts';
import { variableName } from '../../src/store/uploads.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { failure } from '../transport/failure.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-read-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

const registries = [
  'containerd:',
  '  registries:',
  '    - host: r.example',
  '      caFile: ./ca.crt',
  '      credentials: {username: u, passwordFile: ./password}',
  '      mirrors:',
  '        - {url: "https://m.example", credentials: {username: u, passwordEnv: KBOOT_TEST_PASSWORD}}',
];
const inventory = (): string => {
  const file = join(dir, 'cluster.yaml');
  writeFileSync(file, inventoryWith(registries));
  return file;
};

it('reads the CA and the passwords of registries', async () => {
  vi.stubEnv('KBOOT_TEST_PASSWORD', 'from the environment');
  writeFileSync(join(dir, 'password'), 's3cret\n');
  writeFileSync(join(dir, 'ca.crt'), '-----BEGIN CERTIFICATE-----\n');
  const { uploads, cluster } = await readInventory(inventory());
  expect(uploads.get(join(dir, 'password'))?.text).toBe('s3cret\n');
  expect(uploads.get(variableName('KBOOT_TEST_PASSWORD'))?.text).toBe('from the environment');
  expect(uploads.get(join(dir, 'ca.crt'))?.text).toContain('CERTIFICATE');
  expect(JSON.stringify(cluster)).not.toMatch(/s3cret|from the environment/);
});

it('reports all that is missing or unfit, at its place', async () => {
  vi.stubEnv('KBOOT_TEST_PASSWORD', '');
  writeFileSync(join(dir, 'password'), 'two\nlines\n');
  writeFileSync(join(dir, 'ca.crt'), 'no certificate');
  const line =
    inventoryWith(registries)
      .split('\n')
      .findIndex((text) => text.includes('caFile')) + 1;
  const error = await failure(readInventory(inventory()));
  const lines = error.message.replaceAll(dir, 'DIR').split('\n');
  expect(
    lines.map((text) =>
      text.replace(/^DIR\/cluster.yaml:(\d+):\d+: /, (_all, at: string) => `+${Number(at) - line} `),
    ),
  ).toEqual([
    '+0 spec.containerd.registries[0].caFile DIR/ca.crt does not contain a certificate in PEM',
    '+1 spec.containerd.registries[0].credentials.passwordFile DIR/password must contain the password on one line',
    '+3 spec.containerd.registries[0].mirrors[0].credentials.passwordEnv KBOOT_TEST_PASSWORD is not set in the environment of kboot',
  ]);
});

it('commands that write nothing on hosts only warn', async () => {
  const { warnings } = await readInventory(inventory(), { withoutFiles: true });
  expect(warnings.map(({ severity }) => severity)).toEqual(Array.from({ length: 3 }, () => 'warning'));
});

it('is the same at another version, also when the files change meanwhile', async () => {
  vi.stubEnv('KBOOT_TEST_PASSWORD', 'from the environment');
  writeFileSync(join(dir, 'password'), 's3cret\n');
  writeFileSync(join(dir, 'ca.crt'), '-----BEGIN CERTIFICATE-----\n');
  const file = inventory();
  const read = await readInventory(file);
  for (const name of ['password', 'ca.crt', 'cluster.yaml']) writeFileSync(join(dir, name), 'changed: too\n');
  const hop = read.at('v1.35.6');
  expect(hop.cluster).toEqual({ ...read.cluster, kubernetesVersion: 'v1.35.6' });
  expect(hop.uploads).toBe(read.uploads);
  expect(hop.at('v1.36.2').cluster).toEqual(read.cluster);
});
