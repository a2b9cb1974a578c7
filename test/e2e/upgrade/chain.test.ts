import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upgradeBundles } from './bundles.ts';
import { skewBreaches, workerDrains } from './record.ts';
import { single } from './shapes.ts';
import { expectSettled, measured, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import type { KbootResult } from '../../lab/kboot.ts';

const { bundles, suffix } = upgradeBundles('chain');

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`two minor releases in one command${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-chain', single('10.79.54'), bundles);
  });

  afterAll(() => site.close());

  test('without --through the plan is refused, and nothing changes', async () => {
    const result = await site.upgrade();
    expect(result, result.stdout.slice(-3000)).toMatchObject({ exitCode: 5 });
  });

  test('the control plane goes through each minor, and workers are drained once', async () => {
    const { through, to } = site.bundles;
    const results: KbootResult[] = [];
    const report = await measured(site, 'upgrade over two minors', async () => {
      const chain = ['--through', '--bundle', through?.dir ?? '', '--bundle', to.dir];
      results.push(await site.at(to, 'up', ['--yes', '-o', 'json', ...chain]));
    });
    const [result] = results;
    expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
    expect(report.service.lost).toEqual([]);
    expect(skewBreaches(report.samples)).toEqual([]);
    const served = new Set(report.samples.flatMap(({ servers }) => Object.values(servers)));
    expect([...served].filter((version) => version !== '')).toEqual(
      [site.bundles.from, through, to].map((bundle) => bundle?.version),
    );
    expect(workerDrains(results)).toEqual(['w-1', 'w-2']);
    await expectSettled(site, to);
  });
});
