import '../view/no-color.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { caSpec, context, leafSpec, makeCa, makeLeaf, sampleCluster } from '../samples/pki.ts';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

const path = freshFolder();

function inventory(etcd = ''): string {
  const file = path('prod.yaml');
  writeFileSync(
    file,
    `apiVersion: kboot.dev/v1
kind: Cluster
metadata: { name: prod }
spec:
  kubernetesVersion: v1.36.2
${etcd}  hosts: [{ name: cp-1, roles: [control-plane], address: 10.0.0.11, ssh: { address: 127.0.0.1, port: 9 } }]
`,
  );
  return file;
}
const rotate = ['--rotate-ca', 'etcd-ca'];

it.each([['--limit', 'cp-1'], ['--until', 'etcd'], ['--through']])(
  'an exchange of CAs takes the whole cluster: %s is refused',
  async (...flags) => {
    const { error } = await kboot('up', inventory(), '--yes', ...rotate, ...flags);
    expect(error).toMatchObject({
      code: 'E-USAGE',
      message: expect.stringContaining('exclude each other') as unknown,
    });
  },
);

it('begins only if every host can be read', async () => {
  const { error } = await kboot('up', inventory(), '--yes', ...rotate);
  expect(error).toMatchObject({ exit: expect.toSatisfy((exit: number) => [4, 5].includes(exit)) as unknown });
});

it('an exchange that has begun is not mixed with another, nor forgotten', async () => {
  const file = inventory();
  mkdirSync(path('.kboot/prod'), { recursive: true });
  writeFileSync(path('.kboot/prod/rotation.json'), '{"cas":["etcd-ca"],"stage":"trust"}', { mode: 0o600 });
  // Its new CA is missing: nothing goes on without it.
  for (const flags of [[], rotate, ['--limit', 'cp-1']])
    expect((await kboot('up', file, '--yes', ...flags)).error).toMatchObject({ code: 'E-STATE' });
});

it("of somebody else's etcd is refused", async () => {
  const cluster = sampleCluster();
  const using = { ...context, now: new Date() };
  const ca = await makeCa(caSpec(cluster, 'etcd-ca'), using);
  const leaf = await makeLeaf(leafSpec(cluster, 'apiserver-etcd-client', 'cp1'), ca, using);
  writeFileSync(path('ca.crt'), ca.cert);
  writeFileSync(path('client.crt'), leaf.cert);
  writeFileSync(path('client.key'), leaf.key);
  const external = `  etcd: {external: {endpoints: [https://10.0.0.31:2379], caFile: ca.crt, certFile: client.crt, keyFile: client.key}}\n`;
  const { error } = await kboot('up', inventory(external), '--yes', ...rotate);
  expect(error).toMatchObject({
    code: 'E-USAGE',
    message: expect.stringContaining('etcd-ca is not a CA of this cluster') as unknown,
  });
});

it.each([
  [
    'etcd: { external: { endpoints: ["https://10.0.0.31:2379"], caFile: a, certFile: b, keyFile: c } }',
    /prod\.yaml:7:\d+: spec\.pki\.rotate\[1\]: etcd-ca is not a CA of this cluster/,
  ],
  [
    'controllerManager: { extraArgs: [{ name: root-ca-file, value: /etc/kubernetes/pki/ca.crt }] }',
    /prod\.yaml:7:\d+: spec\.pki\.rotate\[0\]: ca cannot be exchanged/,
  ],
])('spec.pki.rotate refuses what is not the own of the cluster: %s', async (field, message) => {
  const file = inventory(`  ${field}\n  pki: { rotate: [ca, etcd-ca] }\n`);
  const { error } = await kboot('validate', file);
  expect(error).toMatchObject({ message: expect.stringMatching(message) as unknown });
});

it('spec.pki.rotate asks for nothing of a cluster that does not exist', async () => {
  const file = inventory('  pki: { rotate: [ca] }\n');
  const { out, error } = await kboot('plan', file, '--offline');
  expect(error).toBeUndefined();
  expect(out).toContain('Plan: ');
  expect(out).not.toContain('spec.pki.rotate');
});
