import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { release } from '../../../src/catalog/release.ts';
import { output } from '../../lab/traces.ts';
import { upgradeBundles } from './bundles.ts';
import { mostAtOnce, precedes, replacementsOf, skewBreaches, workerDrains } from './record.ts';
import { etcdHosts } from './shapes.ts';
import { expectSettled, measured, tell, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import type { KbootResult } from '../../lab/kboot.ts';

const { bundles, suffix } = upgradeBundles('minor');

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`an upgrade of a cluster with etcd hosts${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-etcd', etcdHosts('10.79.53'), bundles);
  });

  afterAll(() => site.close());

  test('etcd goes first, one member after another; nothing is lost', async () => {
    const results: KbootResult[] = [];
    const report = await measured(site, 'upgrade of 3 etcd hosts + 2 + 2', async () => {
      results.push(await site.upgrade());
    });
    const [result] = results;
    expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
    if (result === undefined) return;
    expect(report.service.lost).toEqual([]);
    expect(skewBreaches(report.samples)).toEqual([]);
    for (const count of Object.values(mostAtOnce(report))) expect(count).toBeLessThanOrEqual(1);
    expect(workerDrains(results)).toEqual(['w-1', 'w-2']);
    const changes = replacementsOf(result);
    tell(`replaced: ${changes.map(({ host, component }) => `${host} ${component}`).join(', ')}`);
    const members = changes.filter(({ component }) => component === 'etcd').map(({ host }) => host);
    expect(members.toSorted()).toEqual(['e-1', 'e-2', 'e-3']);
    expect(
      precedes(
        changes,
        ({ component }) => component === 'etcd',
        ({ component }) => component === 'kube-apiserver',
      ),
    ).toBe(true);
    for (const host of members) {
      const version = await output(site.lab, host, '/proc/$(pidof etcd)/exe --version | head -1');
      tell(`${host} runs ${version}`);
      expect(version).toBe(`etcd Version: ${release(site.bundles.to.version).etcd.replace(/-\d+$/, '')}`);
    }
    await expectSettled(site, site.bundles.to);
  });
});
