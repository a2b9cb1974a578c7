import { afterAll, beforeAll, describe, test } from 'vitest';
import { upgradeBundles } from './bundles.ts';
import { single } from './shapes.ts';
import { expectSmoothUpgrade, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';

const { bundles, suffix } = upgradeBundles('any');

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`an upgrade of one control plane and two workers${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-one', single('10.79.52'), bundles);
  });

  afterAll(() => site.close());

  test('the Service loses no request, and each worker is drained once', async () => {
    await expectSmoothUpgrade(site, 'upgrade of 1 + 2', ['w-1', 'w-2']);
  });
});
