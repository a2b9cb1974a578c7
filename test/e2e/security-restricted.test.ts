import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SiteSpec } from '../lab/kboot.ts';
import { enforcesPolicies, expectNothingToDo } from './cluster.ts';
import { upgradeBundles, type VersionBundle } from './upgrade/bundles.ts';
import { highlyAvailable } from './upgrade/shapes.ts';
import { expectSettled, tell, upgradeSite } from './upgrade/site.ts';
import type { UpgradeSite } from './upgrade/site.ts';

const { bundles, suffix } = upgradeBundles('minor');

/** `restricted` on three control planes and two workers: the life of a cluster, whose tests run in order. */
describe.skipIf(bundles === undefined)(`profile restricted${suffix}`, () => {
  let site: UpgradeSite;
  let spec: SiteSpec = {};

  beforeAll(async () => {
    if (bundles === undefined) return;
    const enforced = enforcesPolicies(bundles.from.dir) && enforcesPolicies(bundles.to.dir);
    if (!enforced) tell('NetworkPolicies are NOT enforced: a bundle lacks kube-network-policies');
    const shape = highlyAvailable('10.79.45');
    spec = {
      ...shape.spec,
      networking: { podSubnet: '10.244.0.0/16', networkPolicy: enforced },
      preflight: { ignore: ['NetworkPolicy'] },
      security: {
        profile: 'restricted',
        ...(!enforced && { denyByDefault: false }),
        // The workloads of upgrades are not restricted.
        podSecurity: { exemptNamespaces: ['drill', 'default'] },
      },
    };
    site = await upgradeSite('sec-ha', { ...shape, spec }, bundles);
  });

  afterAll(() => site.close());

  const isServed = async (bundle: VersionBundle): Promise<void> => {
    const served = await site.at(bundle, 'verify', ['--security']);
    tell(served.stdout);
    expect(served, served.stdout + served.stderr).toMatchObject({ exitCode: 0 });
  };

  test('is served', async () => {
    await isServed(site.bundles.from);
  });

  test('is upgraded', async () => {
    const result = await site.upgrade();
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    await expectSettled(site, site.bundles.to);
    await isServed(site.bundles.to);
  });

  test('exchanges its CAs', async () => {
    for (const rest of [['--rotate-ca', 'ca'], [], [], [], []]) {
      const result = await site.at(site.bundles.to, 'up', ['--yes', ...rest]);
      expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    }
    await expectNothingToDo({
      ...site,
      kboot: (verb, rest, options) => site.at(site.bundles.to, verb, rest, options),
    });
    await isServed(site.bundles.to);
  });

  test('is reset', async () => {
    const result = await site.at(site.bundles.to, 'reset', ['--yes']);
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
  });
});
