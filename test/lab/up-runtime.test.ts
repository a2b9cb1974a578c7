import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drifts } from './drifts.ts';
import { costs, plannedSteps, stepLines } from './kboot.ts';
import type { KbootResult, Site } from './kboot.ts';
import { runtimeSite } from './three-hosts.ts';
import { fingerprint, output, startTimes, traceDifferences, traces } from './traces.ts';
import type { Traces } from './traces.ts';

const names = ['cp-1', 'w-1', 'w-2'];
const runtime = ['--until', 'runtime'];

/** The parts of a Docker that kboot checks: services with these names, from a package, enabled and active. */
const docker = `for u in containerd docker; do
  printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /lib/systemd/system/$u.service
done
systemctl daemon-reload && systemctl enable -q --now containerd docker`;
const regardless = ['--ignore-preflight', 'Docker'];

let site: Site;
let before: ReadonlyMap<string, Traces>;

beforeAll(async () => {
  site = await runtimeSite('runtime', '10.79.1');
  await output(site.lab, 'w-2', docker);
  before = await everyHost((name) => traces(site.lab, name));
});

afterAll(() => site.close());

async function everyHost<T>(look: (name: string) => Promise<T>): Promise<ReadonlyMap<string, T>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await look(name)] as const)));
}

const up = (...rest: string[]): Promise<KbootResult> =>
  site.kboot('up', [...runtime, '--yes', '-o', 'json', ...rest]);
const started = (): Promise<ReadonlyMap<string, string>> =>
  everyHost((name) => startTimes(site.lab, name, ['containerd']));

async function expectNothingToDo(): Promise<void> {
  const result = await up();
  expect(result).toMatchObject({ exitCode: 0 });
  expect(stepLines(result)).toEqual([]);
}

test('up refuses to replace the containerd of a Docker', async () => {
  const refused = await up();
  expect(refused).toMatchObject({ exitCode: 5 });
  expect(refused.events).toContainEqual(
    expect.objectContaining({ type: 'finding', check: 'Docker', host: 'w-2' }),
  );
});

test('a first up prepares three hosts', async () => {
  const result = await site.kboot('up', [...runtime, '--yes', ...regardless]);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toContain('done through stage runtime');
  for (const name of names) {
    expect(
      await output(site.lab, name, 'systemctl is-active containerd; systemctl is-enabled containerd'),
    ).toBe('active\nenabled');
    expect(await output(site.lab, name, 'ctr version | grep -c Version:')).toBe('2');
    expect(await output(site.lab, name, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1');
    expect(await output(site.lab, name, 'runc --version && ls /opt/cni/bin/bridge')).toContain(
      '/opt/cni/bin/bridge',
    );
    expect(
      await output(
        site.lab,
        name,
        'ls -A /var/lib/kboot/tmp; ls -A /run/kboot | grep -vxE "session.lock|guard|last" || true',
      ),
    ).toBe('');
  }
  expect(await output(site.lab, 'w-1', 'tail -n 1 /etc/fstab')).toMatch(/^#kboot# \/var\/swapfile/);
});

test('a second up changes nothing: one connection and at most two execs a host, no unit restarted', async () => {
  const times = await started();
  const result = await site.kboot('up', [...runtime, '--yes', '--stats']);
  expect(result).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toMatch(/^runtime: nothing to do \(3 hosts, \d+ resources checked in [\d.]+ s\)\n$/);
  const spent = costs(result);
  expect([...spent.keys()].sort()).toEqual(names);
  for (const { connections, execs } of spent.values()) {
    expect(connections).toBe(1);
    expect(execs).toBeLessThanOrEqual(2);
  }
  expect(await started()).toEqual(times);
});

test('a plan only reads: nothing on the hosts differs after five of them', async () => {
  // Drift, so that plans also fetch texts for their diffs.
  await output(site.lab, 'w-2', 'echo "# by hand" >> /etc/containerd/config.toml');
  const print = await everyHost((name) => fingerprint(site.lab, name));
  for (let run = 0; run < 5; run++)
    expect(await site.kboot('plan', runtime), `run ${run}`).toMatchObject({ exitCode: 0 });
  for (const [name, text] of await everyHost((name) => fingerprint(site.lab, name)))
    expect(text, name).toBe(print.get(name));
  const mended = await up();
  expect(mended).toMatchObject({ exitCode: 0 });
  expect(stepLines(mended)).toEqual([
    'w-2 update file /etc/containerd/config.toml',
    'w-2 restart unit containerd',
  ]);
});

describe.each(drifts)('drift: $title', ({ host, spoil, check, steps, shows, restarts }) => {
  // The next drift's steps, and the last test, show that nothing was left to do after this one.
  test('is shown, and nothing else is changed', async () => {
    const times = await started();
    await output(site.lab, host, spoil);
    const plan = await site.kboot('plan', [...runtime, '--detailed-exitcode']);
    expect(plan, plan.stderr).toMatchObject({ exitCode: 2 });
    expect(plan.stdout).toContain(shows);
    const spoiled = await started();
    const mended = await up();
    expect(mended, mended.stderr).toMatchObject({ exitCode: 0 });
    expect(stepLines(mended)).toEqual(steps.map((step) => `${host} ${step}`));
    await output(site.lab, host, check);
    const now = await started();
    for (const name of names)
      if (name === host && restarts) expect(now.get(name), name).not.toBe(spoiled.get(name));
      else expect(now.get(name), name).toBe(times.get(name));
  });
});

test('all drifts are repaired; nothing is left to do after a power cut and a boot', async () => {
  await expectNothingToDo();
  for (const name of ['cp-1', 'w-1']) {
    await site.lab.kill(name);
    await site.lab.boot(name);
  }
  await expectNothingToDo();
  expect(await output(site.lab, 'w-1', 'tail -n +2 /proc/swaps; cat /proc/sys/net/ipv4/ip_forward')).toBe(
    '1',
  );
});

/**
 * The traces that a reset may leave, each with its reason; all exceptions are here.
 */
const permitted: readonly RegExp[] = [
  // A holder must not remove its lock file: a waiting process and a later one would both get a lock. On a tmpfs.
  /^folders \+ \/run\/kboot\|d$/,
];

test('reset removes everything, a second one finds nothing, and up works again', async () => {
  await site.lab.kill('w-2');
  await site.lab.boot('w-2');
  const reset = await site.kboot('reset', ['--yes']);
  expect(reset, reset.stderr).toMatchObject({ exitCode: 0 });
  // The swap line that a drift added belongs to its owner: it is restored.
  await output(
    site.lab,
    'w-2',
    "grep -x '/dev/vdb2 none swap sw 0 0' /etc/fstab && sed -i '/vdb2/d' /etc/fstab",
  );
  for (const [name, now] of await everyHost((name) => traces(site.lab, name))) {
    const first = before.get(name);
    if (first === undefined) throw new Error(name);
    const left = traceDifferences(first, now).filter((line) => !permitted.some((each) => each.test(line)));
    expect(left, name).toEqual([]);
  }
  const second = await site.kboot('reset', ['--yes']);
  expect(second).toMatchObject({ exitCode: 0, stdout: 'runtime: nothing to reset on 3 hosts\n' });
  const again = await up(...regardless);
  expect(again, again.stderr).toMatchObject({ exitCode: 0 });
  expect(plannedSteps(again).length).toBeGreaterThan(30);
  await expectNothingToDo();
});
