import '../view/no-color.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepsOf, tasksOf } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Plan } from '../../src/plan/types.ts';
import { sha256 } from '../../src/model/digest.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { caSpec, context, leafSpec, makeCa, makeLeaf, sampleCluster } from '../samples/pki.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { kboot } from './run.ts';

let folder: string;
let inventory: string;
let leaf: KeyPair;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-foreign-'));
  const cluster = sampleCluster();
  const using = { ...context, now: new Date() };
  const ca = await makeCa(caSpec(cluster, 'etcd-ca'), using);
  leaf = await makeLeaf(leafSpec(cluster, 'apiserver-etcd-client', 'cp1'), ca, using);
  inventory = inventoryFor('client.key');
  writeFileSync(join(folder, 'ca.crt'), ca.cert);
  writeFileSync(join(folder, 'client.crt'), leaf.cert);
  writeFileSync(join(folder, 'client.key'), leaf.key);
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function inventoryFor(keyFile: string): string {
  const file = join(folder, `${keyFile}.yaml`);
  const etcd = `etcd: {external: {endpoints: [https://10.0.0.31:2379], caFile: ca.crt, certFile: ./client.crt, keyFile: ${keyFile}}}`;
  writeFileSync(file, inventoryWith([etcd]));
  return file;
}

describe('an external etcd', () => {
  it('has its files checked by validate, which locates problems', async () => {
    expect(await kboot('validate', inventory)).toMatchObject({ exit: 0, error: undefined });
    const wrong = inventoryFor('none.key');
    const { error } = await kboot('validate', wrong);
    const [, line = ''] = /^(.*)none\.key/m.exec(readFileSync(wrong, 'utf8')) ?? [];
    expect(error).toMatchObject({
      code: 'E-INVENTORY',
      message: `${wrong}:6:${line.length + 1}: spec.etcd.external.keyFile ${join(folder, 'none.key')} does not exist`,
    });
    for (const command of ['plan', 'up'])
      expect((await kboot(command, wrong, ...(command === 'plan' ? ['--offline'] : []))).error).toMatchObject(
        {
          code: 'E-INVENTORY',
        },
      );
  });

  it('is in the plan by name and digest: no stacked etcd, no certificates issued for it, no key', async () => {
    const { out } = await kboot('plan', inventory, '--offline', '-o', 'json', '--verbose');
    const { plan } = JSON.parse(out) as { plan: Plan };
    const issued = stepsOf(plan).flatMap((step) => (step.type === 'issue' ? step.certificates : []));
    expect(issued).toContain('ca');
    expect(issued.filter((name) => name.includes('etcd'))).toEqual([]);
    const onHosts = tasksOf(plan.phases).flatMap(({ on, steps }) =>
      typeof on === 'string' ? [] : steps.map((step) => ({ host: on.host, step })),
    );
    expect(
      onHosts.filter(({ step }) => /static-pod etcd|unit etcd|var\/lib\/etcd/.test(targetText(step.target))),
    ).toEqual([]);
    expect(onHosts.flatMap(({ step }) => step.effects.map(({ component }) => component))).not.toContain(
      'etcd',
    );
    const key = onHosts.find(({ step }) => targetText(step.target).endsWith('/apiserver-etcd-client.key'));
    expect(key?.host).toBe('cp-1');
    expect(key?.step).toMatchObject({
      payload: {
        content: { kind: 'secret', name: 'cp-1:apiserver-etcd-client.key', digest: sha256(leaf.key) },
      },
    });
    expect(out).toContain('--etcd-servers=https://10.0.0.31:2379');
    expect(out).not.toContain('PRIVATE KEY');
    expect(out).not.toContain(leaf.key.split('\n')[3]);
    expect(out).not.toContain(Buffer.from(leaf.key).toString('base64').slice(60, 160));
  });

  it('does not stop commands that do not need those files', async () => {
    const { error } = await kboot('kubeconfig', inventoryFor('gone.key'));
    expect(error).toMatchObject({ code: 'E-STATE' });
  });
});
