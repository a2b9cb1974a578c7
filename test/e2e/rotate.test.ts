import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CertificateReport } from '../../src/model/certificates.ts';
import { killAt, type KbootResult, type SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import type { ClientsOrder, ClientsReport } from './upgrade/clients.ts';
import { watchWith } from './watch.ts';

/*
 * etcd's CA is exchanged while clients read and write, and kboot is killed in each stage.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.63.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.63.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.63.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.63.21' },
];
const planes = hosts.slice(0, 3);
const spec = {
  loadBalancer: { virtualIP: '10.79.63.100' },
  kubelet: { config: { failCgroupV1: false, cgroupDriver: 'cgroupfs', imageGCHighThresholdPercent: 100 } },
};
const tell = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

let site: ClusterSite;

describe.skipIf(!hasClusterBundle)(`the exchange of etcd's CA${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('rotate', hosts, { spec });
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    await site.kube(['create', 'namespace', 'drill']);
  });

  afterAll(() => site.close());

  test('killed in each stage it goes on; no write is lost, and the former CA is accepted nowhere', async () => {
    const former = ca();
    let last: KbootResult | undefined;
    const report = await clients(async () => {
      const up = (rest: readonly string[]) => (options: object) =>
        site.kboot('up', ['--yes', '-o', 'json', ...rest], options);
      // The rollout of each stage has a step on the second host when it is killed.
      for (const rest of [['--rotate-ca', 'etcd-ca'], [], []]) {
        let rollouts = 0;
        await killAt('in a stage', up(rest), (event) => event.type === 'task' && (rollouts += 1) === 3);
        tell(
          `killed: ${readFileSync(join(site.dir, '.kboot/rotate/rotation.json'), 'utf8').replaceAll(/\s+/g, ' ')}`,
        );
      }
      const begun = Date.now();
      last = await site.kboot('up', ['--yes']);
      tell(last.stdout + last.stderr);
      tell(`the rest took ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    });
    expect(last).toMatchObject({ exitCode: 0 });
    const there = new Set((await site.kube(['get', 'configmap', '-n', 'drill', '-o', 'name'])).split('\n'));
    const lost = report.acknowledged.filter((name) => !there.has(`configmap/${name}`));
    tell(
      `API: longest gap ${report.api.longestGapMs} ms, ${report.api.answered} answers, ${report.api.failed} failed; ` +
        `writes: ${report.acknowledged.length} acknowledged, ${lost.length} lost; clients late by ${report.lateMs} ms at most`,
    );
    expect(lost).toEqual([]);
    expect(report.acknowledged.length).toBeGreaterThan(0);

    expect(ca()).not.toBe(former);
    for (const { name } of planes)
      expect(await output(site.lab, name, 'cat /etc/kubernetes/pki/etcd/ca.crt')).toBe(ca().trim());
    const certs = await site.kboot('certs', ['-o', 'json']);
    expect(certs, certs.stderr).toMatchObject({ exitCode: 0 });
    const [list] = certs.events as unknown as readonly CertificateReport[];
    expect(list?.certificates.filter(({ differs }) => differs === true)).toEqual([]);
    await expectNothingToDo(site);
    const verify = await site.kboot('verify');
    tell(verify.stdout);
    expect(verify, verify.stdout).toMatchObject({ exitCode: 0 });
  });
});

const ca = (): string => readFileSync(join(site.dir, '.kboot/rotate/pki/etcd/ca.crt'), 'utf8');

async function clients(during: () => Promise<void>): Promise<ClientsReport> {
  const order: ClientsOrder = {
    kubeconfig: await site.kubeconfig(),
    servers: Object.fromEntries(planes.map(({ name, address }) => [name, `https://${address}:6443`])),
    members: Object.fromEntries(planes.map(({ name, address }) => [name, address])),
  };
  const script = new URL('./upgrade/clients.ts', import.meta.url);
  return await watchWith<ClientsReport>(site.lab, script, [JSON.stringify(order)], during);
}
