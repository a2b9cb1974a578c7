import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upgradeBundles } from './bundles.ts';
import { mostAtOnce, precedes, replacementsOf, skewBreaches, workerDrains } from './record.ts';
import type { ComponentChange } from './record.ts';
import { expectSettled, measured, tell, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import { highlyAvailable } from './shapes.ts';
import type { KbootResult } from '../../lab/kboot.ts';
import { plannedSteps } from '../../lab/kboot.ts';

const { bundles, suffix } = upgradeBundles('minor');

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`a minor upgrade that no workload notices${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-ha', highlyAvailable('10.79.51'), bundles);
  });

  afterAll(() => site.close());

  test('three control planes and two workers in one up, with clients', async () => {
    const results: KbootResult[] = [];
    const report = await measured(site, 'upgrade of 3 + 2', async () => {
      results.push(await site.upgrade());
    });
    const [result] = results;
    expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
    if (result === undefined) return;

    expect(report.service.lost).toEqual([]);
    expect(report.service.answered).toBeGreaterThan(0);
    expect(skewBreaches(report.samples)).toEqual([]);
    const most = mostAtOnce(report);
    tell(`most at once: ${JSON.stringify(most)}`);
    for (const count of Object.values(most)) expect(count).toBeLessThanOrEqual(1);
    expect(workerDrains(results)).toEqual(['w-1', 'w-2']);

    const changes = replacementsOf(result);
    tell(`replaced: ${changes.map(({ host, component }) => `${host} ${component}`).join(', ')}`);
    const is =
      (...names: readonly string[]) =>
      ({ component }: ComponentChange): boolean =>
        names.includes(component);
    const on = (prefix: string, name: string) => (change: ComponentChange) =>
      change.host.startsWith(prefix) && change.component === name;
    expect(
      changes
        .filter(is('etcd'))
        .map(({ host }) => host)
        .toSorted(),
    ).toEqual(['cp-1', 'cp-2', 'cp-3']);
    expect(precedes(changes, is('etcd'), is('kube-apiserver'))).toBe(true);
    expect(precedes(changes, is('kube-apiserver'), is('kube-controller-manager', 'kube-scheduler'))).toBe(
      true,
    );
    expect(precedes(changes, is('kube-apiserver'), is('kubelet'))).toBe(true);
    expect(precedes(changes, on('cp-', 'kubelet'), on('w-', 'kubelet'))).toBe(true);
    expect(plannedSteps(result).filter(({ target }) => target.kind === 'snapshot')).toHaveLength(1);
  });

  test('afterwards kubeadm, verify, drift and a second up find nothing to do', async () => {
    await expectSettled(site, site.bundles.to);
  });
});
