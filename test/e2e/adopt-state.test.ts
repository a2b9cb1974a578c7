import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { output } from '../lab/traces.ts';
import { clusterSite, expectNothingToDo, hasClusterBundle, running, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.77.0.11' },
  { name: 'e-1', roles: ['etcd'], address: '10.77.0.15' },
  { name: 'w-1', roles: ['worker'], address: '10.77.0.21' },
];

describe.skipIf(!hasClusterBundle)(`a lost state folder${unlessSkipped}`, () => {
  let site: ClusterSite;
  let state: string;
  beforeAll(async () => {
    site = await clusterSite('adopt-state', hosts);
    state = join(site.dir, '.kboot/adopt-state');
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  }, 600_000);
  afterAll(async () => {
    await site.close();
  });

  it('is what kboot refuses to go on without, and says what to do', async () => {
    renameSync(state, `${state}.lost`);
    const { exitCode, stderr } = await site.kboot('plan');
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/kboot adopt INVENTORY.*\(ForeignCluster\)/s);
    expect(existsSync(state)).toBe(false);
  });

  it('is read back to the byte; no host is touched, and nothing is left to do', async () => {
    const before = await Promise.all(hosts.slice(0, 2).map(({ name }) => running(site, name)));
    const result = await site.kboot('adopt');
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    process.stderr.write(result.stdout);
    expect(filesBelow(`${state}/pki`)).toEqual(filesBelow(`${state}.lost/pki`));
    expect(readFileSync(`${state}/cluster-id`, 'utf8')).toBe(
      readFileSync(`${state}.lost/cluster-id`, 'utf8'),
    );
    const plan = await site.kboot('plan', ['--detailed-exitcode']);
    expect(plan, plan.stdout + plan.stderr).toMatchObject({ exitCode: 0 });
    await expectNothingToDo(site);
    expect(await Promise.all(hosts.slice(0, 2).map(({ name }) => running(site, name)))).toEqual(before);
  });

  it('is equal the second time, and never overwritten when it differs', async () => {
    const again = await site.kboot('adopt', ['-o', 'json']);
    expect(again.events.at(-1)).toMatchObject({ type: 'adopted', written: false, issued: [] });
    const key = join(state, 'pki/sa.key');
    const text = readFileSync(key, 'utf8');
    writeFileSync(key, 'mine');
    const refused = await site.kboot('adopt');
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(/is left as it is\.[\s\S]*differs from the hosts: sa\.key/);
    expect(readFileSync(key, 'utf8')).toBe('mine');
    writeFileSync(key, text);
  });

  it('with another CA key on a host, nothing is written, and the host is named', async () => {
    const path = '/etc/kubernetes/pki/front-proxy-ca.key';
    await output(site.lab, 'cp-1', `cp ${path} /root/kept && cat /etc/kubernetes/pki/ca.key > ${path}`);
    const elsewhere = join(site.dir, 'elsewhere');
    const refused = await site.kboot('adopt', ['--state', elsewhere]);
    await output(site.lab, 'cp-1', `cat /root/kept > ${path}`);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toMatch(/front-proxy-ca\.crt does not match the private key beside it/);
    expect(existsSync(elsewhere)).toBe(false);
  });
});

function filesBelow(dir: string): readonly (readonly [path: string, text: string])[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path.slice(dir.length), readFileSync(path, 'utf8')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
