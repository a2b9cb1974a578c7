import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upgradeBundles } from './bundles.ts';
import { skewBreaches, workerDrains } from './record.ts';
import { single } from './shapes.ts';
import { expectSettled, measured, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import type { KbootResult } from '../../lab/kboot.ts';

const { bundles, suffix } = upgradeBundles('any');

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`an upgrade of one control plane and two workers${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-one', single('10.79.52'), bundles);
  });

  afterAll(() => site.close());

  test('the Service loses no request, and each worker is drained once', async () => {
    const results: KbootResult[] = [];
    const report = await measured(site, 'upgrade of 1 + 2', async () => {
      results.push(await site.upgrade());
    });
    const [result] = results;
    expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
    expect(report.service.lost).toEqual([]);
    expect(report.service.answered).toBeGreaterThan(0);
    expect(skewBreaches(report.samples)).toEqual([]);
    expect(workerDrains(results)).toEqual(['w-1', 'w-2']);
    await expectSettled(site, site.bundles.to);
  });
});
