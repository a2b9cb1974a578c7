import '../view/no-color.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readInventory } from '../../src/app/read-inventory.ts';
import type { CertificateReport } from '../../src/model/certificates.ts';
import { context, material } from '../samples/pki.ts';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

const path = freshFolder();
const year = 365 * 86_400_000;

/** A cluster of one host that cannot be reached, and its state folder, issued `age` milliseconds ago. */
async function clusterOf(age: number): Promise<string> {
  const file = path('prod.yaml');
  writeFileSync(
    file,
    `apiVersion: kboot.dev/v1
kind: Cluster
metadata: { name: prod }
spec:
  kubernetesVersion: v1.36.2
  hosts: [{ name: cp-1, roles: [control-plane, worker], address: 10.0.0.11, ssh: { address: 127.0.0.1, port: 9 } }]
`,
  );
  const { cluster } = await readInventory(file);
  const texts = await material(cluster, { ...context, now: new Date(Date.now() - age) });
  for (const [name, text] of texts) {
    const to = join(path('.kboot/prod/pki'), name);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text, { mode: 0o600 });
  }
  return file;
}

it('lists what the state folder has when a host cannot be reached, and exits with 4', async () => {
  const { exit, out } = await kboot('certs', await clusterOf(0), '-o', 'json');
  expect(exit).toBe(4);
  const event = JSON.parse(out) as CertificateReport & { readonly unreachable: readonly string[] };
  expect(event).toMatchObject({ type: 'certificates', cluster: 'prod', valid: true, unreachable: ['cp-1'] });
  const places = event.certificates.map(({ place, role, condition }) => `${role} ${place} ${condition}`);
  expect(places).toContain('ca etcd/ca.crt valid');
  expect(places).toContain('leaf hosts/cp-1/admin.crt valid');
  // Its kubelet renews its own: the one it started with is of no use any more.
  expect(places.join()).not.toContain('hosts/cp-1/kubelet.crt');
});

it.each([
  ['has expired', year * 2, [], 'expired'],
  ['runs out within 30 days', year - 86_400_000 * 20, [], 'running-out'],
  ['runs out within the days of the flag', year - 86_400_000 * 50, ['--warn-days', '60'], 'running-out'],
])('exits with 1 if a certificate %s', async (_when, age, flags, condition) => {
  const file = await clusterOf(age);
  const { exit, out } = await kboot('certs', file, '-o', 'json', ...flags);
  expect(exit).toBe(1);
  const { certificates } = JSON.parse(out) as CertificateReport;
  const leaves = certificates.filter(({ role }) => role === 'leaf');
  expect(new Set(leaves.map((each) => each.condition))).toEqual(new Set([condition]));
  const text = await kboot('certs', file, ...flags);
  expect(text.out).toMatch(condition === 'expired' ? /hosts\/cp-1\/apiserver\.crt .* EXPIRED/ : /runs out/);
});

it.each(['-1', '1.5', 'soon'])('--warn-days %s is refused', async (days) => {
  const { error } = await kboot('certs', await clusterOf(0), `--warn-days=${days}`);
  expect(error).toMatchObject({ code: 'E-USAGE' });
});
