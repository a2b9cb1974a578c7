import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CertificateReport } from '../../src/model/certificates.ts';
import type { KbootResult, SiteHost } from '../lab/kboot.ts';
import { clusterSite, expectNothingToDo, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';
import { expireEverything, reboot } from './expire.ts';

/*
 * A cluster that was off for two years: every certificate has expired, those of kubelets too. `up` brings it back.
 */

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.62.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.62.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.62.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.62.21' },
];
const spec = { loadBalancer: { virtualIP: '10.79.62.100' } };
const tell = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
/** Of the output of `certs -o json`: how many certificates of which kind there are. */
const counted = ({ events }: KbootResult): Readonly<Record<string, number>> => {
  const [report] = events as unknown as readonly CertificateReport[];
  const counts: Record<string, number> = {};
  for (const { where, role, condition } of report?.certificates ?? []) {
    const kind = `${role} ${where} ${condition}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
};

let site: ClusterSite;

describe.skipIf(!hasClusterBundle)(`certificates${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('expired', hosts, { spec });
    const result = await site.kboot('up', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  });

  afterAll(() => site.close());

  test('of a new cluster are all listed, served ones too', async () => {
    const result = await site.kboot('certs', ['-o', 'json']);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    const [report] = result.events as unknown as readonly CertificateReport[];
    const served = report?.certificates.filter(({ where }) => where === 'served') ?? [];
    // Six ports of each control plane, and the kubelet of the worker.
    expect(served).toHaveLength(19);
    expect(served.filter(({ differs }) => differs === true)).toEqual([]);
    expect(report?.problems).toEqual([]);
    tell((await site.kboot('certs')).stdout);
  });

  test('that have expired are listed, and replaced by up', async () => {
    await expireEverything(site);
    await reboot(site);
    const before = await site.kboot('certs', ['-o', 'json']);
    expect(before, before.stderr).toMatchObject({ exitCode: 1 });
    expect(Object.keys(counted(before)).filter((kind) => /^leaf .* valid/.test(kind))).toEqual([]);
    tell((await site.kboot('certs')).stdout);
    const status = await site.kboot('status');
    expect(status.stdout).toMatch(/^\d+ certificates; \d+ of them expired, first hosts\/cp-1\//m);
    expect(status.stdout).toMatch(/^etcd: unavailable/m);
    tell(status.stdout);

    const begun = Date.now();
    const up = await site.kboot('up', ['--yes']);
    tell(up.stdout + up.stderr);
    tell(`up after everything had expired: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    expect(up).toMatchObject({ exitCode: 0 });
    for (const host of ['cp-1', 'cp-2', 'cp-3'])
      expect(up.stdout).toMatch(new RegExp(`^warning certificates of ${host} expired on .*this plan`, 'm'));
    expect(up.stdout).toMatch(/client-certificate system:node:w-1 {2}the current one expired on/);

    const after = await site.kboot('certs', ['-o', 'json']);
    tell(JSON.stringify(counted(after)));
    expect(after, after.stdout).toMatchObject({ exitCode: 0 });
    const verify = await site.kboot('verify');
    tell(verify.stdout);
    expect(verify, verify.stderr).toMatchObject({ exitCode: 0 });
    await expectNothingToDo(site);
  });
});
