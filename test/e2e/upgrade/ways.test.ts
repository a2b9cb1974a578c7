import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from '../../../src/plan/steps.ts';
import type { Step } from '../../../src/plan/types.ts';
import type { KbootEvent, KbootResult } from '../../lab/kboot.ts';
import { eventually } from '../cluster.ts';
import { upgradeBundles } from './bundles.ts';
import { mostAtOnce, replacementsOf, skewBreaches, workerDrains } from './record.ts';
import { racks } from './shapes.ts';
import { expectSettled, measured, tell, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import type { ClientsReport } from './clients.ts';

const { bundles, suffix } = upgradeBundles('minor');
const shape = racks('10.79.58');
const workers = ['w-1', 'w-2', 'w-3'];

let site: UpgradeSite;

/** One cluster on its way to another minor version: interrupted, back, and there in parts. */
describe.skipIf(bundles === undefined)(`the ways of an upgrade${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-ways', shape, bundles);
  });

  afterAll(() => site.close());

  test('a control plane that loses power in its turn: the run stops there, and no kubelet was replaced', async () => {
    const steps: Step[] = [];
    let cut: Promise<void> | undefined;
    const isApiServer = (id: string, target: Step['target']): boolean =>
      id.startsWith('cp-2:') && target.kind === 'static-pod' && target.name === 'kube-apiserver';
    const cutInItsTurn = (event: KbootEvent): void => {
      if (event.plan !== undefined) steps.push(...stepsOf(event.plan));
      if (
        event.type === 'start' &&
        steps.some(({ id, target }) => id === event.step && isApiServer(id, target))
      )
        cut ??= site.lab.kill('cp-2');
    };
    const { result } = await during('cp-2 loses power', () => site.upgrade({ onEvent: cutInItsTurn }));
    await cut;
    expect(cut).toBeDefined();
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 1 });
    expect(replacementsOf(result).filter(({ component }) => component === 'kubelet')).toEqual([]);
    await site.lab.boot('cp-2');
    await eventually(180, async () => {
      expect(new Set(await kubelets())).toEqual(new Set([site.bundles.from.version]));
      const verify = await site.at(site.bundles.from, 'verify');
      expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
    });
  });

  test('the former version in the inventory takes the cluster back', async () => {
    const { result } = await during('back', () => site.at(site.bundles.from, 'up', ['--yes', '-o', 'json']));
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    expect(workerDrains([result])).toEqual([]);
    await expectSettled(site, site.bundles.from);
  });

  test('pauseAfter: control-plane ends the run before the first worker', async () => {
    const spec = { upgrade: { pauseAfter: 'control-plane' } };
    const { result } = await during('the control plane', () => site.upgrade({ spec }));
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    expect(workerDrains([result])).toEqual([]);
    const { from, to } = site.bundles;
    expect(await kubelets()).toEqual([
      to.version,
      to.version,
      to.version,
      ...workers.map(() => from.version),
    ]);
  });

  test('pauseAfter: first-batch ends the run after the first worker', async () => {
    const spec = { upgrade: { pauseAfter: 'first-batch', maxUnavailable: 2 } };
    const { result } = await during('the first batch', () => site.upgrade({ spec }));
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    expect(workerDrains([result])).toEqual(['w-1']);
  });

  test('the workers of the other rack go together', async () => {
    const spec = { upgrade: { maxUnavailable: 2 } };
    const { result, report } = await during('the other rack', () => site.upgrade({ spec }));
    expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 0 });
    expect(workerDrains([result])).toEqual(['w-2', 'w-3']);
    expect(report.samples.some(({ cordoned }) => cordoned.length === 2)).toBe(true);
    await expectSettled(site, site.bundles.to, spec);
  });
});

/** Runs kboot with clients: no request and no write is lost, and no version skew is broken. */
async function during(
  title: string,
  run: () => Promise<KbootResult>,
): Promise<{ readonly result: KbootResult; readonly report: ClientsReport }> {
  const results: KbootResult[] = [];
  const report = await measured(site, title, async () => {
    results.push(await run());
  });
  const [result] = results;
  if (result === undefined) throw new Error('kboot did not run');
  tell(`${title}: exit status ${String(result.exitCode)} ${result.stderr.trim()}`);
  tell(JSON.stringify(mostAtOnce(report)));
  expect(report.service.lost).toEqual([]);
  expect(skewBreaches(report.samples)).toEqual([]);
  return { result, report };
}

/** Versions of the kubelets of cp-1, cp-2, cp-3, w-1, w-2, w-3. */
async function kubelets(): Promise<readonly string[]> {
  const path = 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}';
  return (await site.kube(['get', 'nodes', '--sort-by=.metadata.name', '-o', path])).split(' ');
}
