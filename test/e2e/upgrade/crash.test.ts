import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { upgradeBundles } from './bundles.ts';
import { cordonsOf, drainsOf, skewBreaches, stepsDone } from './record.ts';
import { highlyAvailable } from './shapes.ts';
import { expectSettled, measured, tell, upgradeSite } from './site.ts';
import type { UpgradeSite } from './site.ts';
import { stepsOf } from '../../../src/plan/steps.ts';
import type { KbootResult } from '../../lab/kboot.ts';

const { bundles, suffix } = upgradeBundles('any');
const kills = 20;

let site: UpgradeSite;

describe.skipIf(bundles === undefined)(`an upgrade survives crashes of kboot${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-crash', highlyAvailable('10.79.55'), bundles);
  });

  afterAll(() => site.close());

  test('kill -9 at 20 random moments, one after another: it ends, and nothing is done twice without need', async () => {
    const seed = Number(process.env['KBOOT_SEED'] ?? Date.now() % 1_000_000);
    const random = randomFrom(seed);
    tell(`KBOOT_SEED=${seed}`);
    const uid = await systemUid();
    const runs: KbootResult[] = [];
    const moments: string[] = [];
    const report = await measured(site, `upgrade with ${kills} kills`, async () => {
      while (runs.length < kills) {
        const run = await killedOnce(kills - runs.length, random, moments);
        runs.push(run);
        if (run.exitCode === 0) break;
        expect(run, run.stdout.slice(-3000) + run.stderr).toMatchObject({ exitCode: null });
      }
      const last = await site.upgrade();
      runs.push(last);
      expect(last, last.stdout.slice(-3000) + last.stderr).toMatchObject({ exitCode: 0 });
    });
    tell(`killed ${moments.length} times: ${moments.join('; ')}`);
    expect(moments).toHaveLength(kills);
    expect(report.service.lost).toEqual([]);
    expect(skewBreaches(report.samples)).toEqual([]);
    expect(await systemUid()).toBe(uid);
    tell(`drains: ${drainsOf(runs).join(', ')}; cordons: ${cordonsOf(report.samples).join(', ')}`);
    for (const worker of ['w-1', 'w-2'])
      expect(cordonsOf(report.samples).filter((node) => node === worker)).toHaveLength(1);
    const snapshots = stepsDone(runs).filter(({ target }) => target.kind === 'snapshot');
    tell(`snapshots: ${snapshots.length}`);
    expect(snapshots).toHaveLength(1);
    await expectSettled(site, site.bundles.to);
  });
});

/**
 * Runs the upgrade and kills it after a random share of the steps that are left, so that about `left` kills fit into
 * what remains. A run that ends first is returned as it is.
 */
async function killedOnce(left: number, random: () => number, moments: string[]): Promise<KbootResult> {
  let after: number | undefined;
  let seen = 0;
  return site.upgrade({
    onEvent: (event, kill) => {
      if (event.plan !== undefined) {
        const steps = stepsOf(event.plan).length;
        after = 1 + Math.floor(random() * ((2 * steps) / (left + 1)) * 2);
      }
      if (after === undefined || (event.type !== 'start' && event.type !== 'done')) return;
      if (++seen !== after) return;
      moments.push(`${event.type} ${event.step ?? ''}`);
      kill();
    },
  });
}

/** mulberry32: the same numbers in [0, 1) for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** UID of the namespace kube-system: distinguishes two clusters. */
function systemUid(): Promise<string> {
  return site.kube(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
}
