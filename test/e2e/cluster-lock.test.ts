import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elsewhere, type Running } from '../lab/elsewhere.ts';
import {
  clusterSite,
  eventually,
  expectNothingToDo,
  hasClusterBundle,
  unlessSkipped,
  type ClusterSite,
} from './cluster.ts';

/* Two copies of a state folder, on two machines, and three control planes that would be rolled by both at once. */

const virtualIP = '10.79.63.100';
const hosts = [1, 2, 3].map((number) => ({
  name: `cp-${number}`,
  roles: ['control-plane', 'worker'],
  address: `10.79.63.1${number}`,
}));
const spec = (verbosity: string): object => ({
  loadBalancer: { virtualIP, port: 8443, virtualRouterID: 51 },
  apiServer: { extraArgs: [{ name: 'v', value: verbosity }] },
});

let site: ClusterSite;
const own = (): string => join(site.dir, '.kboot/twins');
const copy = (): string => join(site.dir, 'copy');
const up = (state: string): Running => elsewhere(site, 'up', state, ['--yes']);
/** Who has the Lease; empty: nobody. */
const leaseHolder = (): Promise<string> =>
  site.kube([
    ...['-n', 'kube-system', 'get', 'lease', 'kboot', '--ignore-not-found'],
    ...['-o', 'jsonpath={.spec.holderIdentity}'],
  ]);
const held = (): Promise<string> =>
  eventually(60, async () => {
    const holder = await leaseHolder();
    if (holder === '') throw new Error('the Lease is not held');
    return holder;
  });
/** Arguments of the API servers that run. */
const verbosity = (): Promise<string> =>
  site.kube([
    ...['-n', 'kube-system', 'get', 'pods', '-l', 'component=kube-apiserver'],
    ...['-o', 'jsonpath={range .items[*]}{.spec.containers[0].command}{"\\n"}{end}'],
  ]);

describe.skipIf(!hasClusterBundle)(`one run at a time${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('twins', hosts, { spec: { ...spec('1') } });
    const first = await site.kboot('up', ['--yes']);
    expect(first, first.stdout + first.stderr).toMatchObject({ exitCode: 0 });
    cpSync(own(), copy(), { recursive: true });
  });

  afterAll(() => site.close());

  test('of two rollouts from two machines, one goes, and kubectl shows whose', async () => {
    await site.write('site', { spec: { ...spec('2') } });
    const both = [up(own()), up(copy())];
    const holder = await held();
    const results = await Promise.all(both.map(({ ended }) => ended));
    const outs = results.map(({ out }) => out).join('\n---\n');
    expect(holder).toMatch(/^root@\S+, process \d+: kboot up /);
    expect(results.map(({ code }) => code).sort(), outs).toEqual([0, 7]);
    expect(outs).toContain('Another run holds the lock of the cluster: `kboot up');
    expect(await leaseHolder()).toBe('');
    expect((await verbosity()).match(/"--v=2"/g)).toHaveLength(3);
    await expectNothingToDo(site);
  });

  test('a rollout that was killed is finished from the other machine', async () => {
    await site.write('site', { spec: { ...spec('3') } });
    const killed = up(own());
    await held();
    await sleep(8_000);
    killed.child.kill('SIGKILL');
    await killed.ended;
    const next = await up(copy()).ended;
    expect(next, next.out).toMatchObject({ code: 0 });
    expect(next.out).toMatch(/Waiting for a sign of life/);
    expect(next.out).toMatch(/was taken over from `kboot up/);
    expect(await leaseHolder()).toBe('');
    expect((await verbosity()).match(/"--v=3"/g)).toHaveLength(3);
  });

  test('a reset takes the lock too', async () => {
    const reset = await site.kboot('reset', ['--yes']);
    expect(reset, reset.stdout + reset.stderr).toMatchObject({ exitCode: 0 });
    expect(reset.stderr).not.toContain('the lock');
  });
});
