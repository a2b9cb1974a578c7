import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { elsewhere, type Running } from './elsewhere.ts';
import { makeSite, type Site } from './kboot.ts';
import { createLab } from './lab.ts';
import { output } from './traces.ts';

/*
 * Two copies of one state folder, each with a kboot of its own that does not see the processes of the other, as on two
 * machines. Stage host only, with a hook that ends when it may.
 */

const planes = ['cp-1', 'cp-2', 'cp-3'];
const hosts = planes.map((name, index) => ({
  name,
  roles: ['control-plane'],
  address: `10.77.62.${11 + index}`,
}));

let site: Site;
const copy = (): string => join(site.dir, 'copy');

const up = (state: string): Running => elsewhere(site, 'up', state, ['--until', 'host', '--yes']);
const own = (): string => join(site.dir, '.kboot/locked');
/** Runs a command on all hosts. */
const everywhere = async (command: string): Promise<void> => {
  await Promise.all(planes.map((name) => output(site.lab, name, command)));
};
/** Drift on every host; the hook then takes so many fifths of a second, or until `letGo`. */
const spoil = (fifths = 3000): Promise<void> =>
  everywhere(`echo ${fifths} > /srv/fifths; sysctl -qw net.ipv4.ip_forward=0; rm -f /srv/ran /srv/go`);
/** Ends the hooks that run, those of kboots that were killed too. */
const letGo = (): Promise<void> => everywhere('touch /srv/go');
/** How often the hook ran on each host. */
const ran = (): Promise<readonly string[]> =>
  Promise.all(planes.map((name) => output(site.lab, name, 'cat /srv/ran 2>/dev/null | wc -l')));

beforeAll(async () => {
  const lab = await createLab({ name: 'locked', hosts });
  site = await makeSite(
    lab,
    'locked',
    hosts,
    {},
    {
      controlPlaneEndpoint: '10.77.62.100:6443',
      hooks: [
        {
          name: 'slow',
          before: 'host',
          run: 'echo x >> /srv/ran; n=$(cat /srv/fifths 2>/dev/null || echo 0); while [ "$n" -gt 0 ] && [ ! -e /srv/go ]; do sleep 0.2; n=$((n - 1)); done',
          timeoutSeconds: 120,
        },
      ],
    },
  );
  const first = await up(own()).ended;
  expect(first, first.out).toMatchObject({ code: 0 });
  cpSync(own(), copy(), { recursive: true });
});

afterAll(() => site.close());

test('of two runs that start in the same second, one goes and the other names it', async () => {
  await spoil();
  const both = [up(own()), up(copy())];
  // Only the one that is refused ends.
  await Promise.race(both.map(({ ended }) => ended));
  await letGo();
  const results = await Promise.all(both.map(({ ended }) => ended));
  const outs = results.map(({ out }) => out).join('\n---\n');
  expect(results.map(({ code }) => code).sort(), outs).toEqual([0, 7]);
  expect(outs).toMatch(
    /Another run holds the lock of the cluster: `kboot up \S+` \(root@\S+, process \d+, since \S+Z\)\. It sends heartbeats to cp-1\./,
  );
  expect(await ran()).toEqual(['1', '1', '1']);
});

test('a run that waited for a short one finds nothing left to do', async () => {
  await spoil(10);
  const both = [up(own()), up(copy())];
  const results = await Promise.all(both.map(({ ended }) => ended));
  const outs = results.map(({ out }) => out).join('\n---\n');
  expect(
    results.map(({ code }) => code),
    outs,
  ).toEqual([0, 0]);
  expect(outs).toContain('Another run has changed the cluster since this plan was made.');
  expect(outs).toContain('nothing to do');
  expect(await ran()).toEqual(['1', '1', '1']);
});

test('the lock of a run that was killed is taken over elsewhere once it is silent; the same machine needs not wait', async () => {
  await spoil();
  const killed = up(own());
  await killed.says('hook');
  await sleep(500);
  killed.child.kill('SIGKILL');
  await killed.ended;
  await letGo();
  const begun = Date.now();
  const next = await up(copy()).ended;
  expect(next, next.out).toMatchObject({ code: 0 });
  expect(next.out).toMatch(/Waiting for a sign of life: [^]*taken over in \d+ s\./);
  expect(next.out).toMatch(/was taken over from `kboot up/);
  expect(Date.now() - begun).toBeGreaterThan(15_000);
  await spoil();
  const args = ['--until', 'host', '--yes', '-o', 'json'];
  await site.kboot('up', args, {
    onEvent: (event, kill) => {
      if (event.type === 'start' && event.step?.includes('hook') === true) kill();
    },
  });
  await letGo();
  const again = await site.kboot('up', ['--until', 'host', '--yes']);
  expect(again, again.stderr).toMatchObject({ exitCode: 0 });
  expect(again.stderr).not.toContain('Waiting for a sign of life');
  expect(again.stderr).toContain('was taken over from');
});

test('unlock shows the run, refuses while it lives, and removes what it left', async () => {
  await spoil();
  const running = up(own());
  await running.says('hook');
  const alive = await elsewhere(site, 'unlock', copy(), ['--yes']).ended;
  expect(alive, alive.out).toMatchObject({ code: 7 });
  expect(alive.out).toMatch(/on +cp-1, cp-2, cp-3/);
  running.child.kill('SIGKILL');
  await running.ended;
  await letGo();
  const removed = await elsewhere(site, 'unlock', copy(), ['--yes']).ended;
  expect(removed, removed.out).toMatchObject({ code: 0 });
  expect(removed.out).toContain('locked: the lock was removed');
  const free = await elsewhere(site, 'unlock', copy(), []).ended;
  expect(free.out).toContain('locked: the lock of the cluster is not held');
  expect(await up(copy()).ended).toMatchObject({ code: 0 });
});

test('an ordinary user can hold no lock of a host', async () => {
  for (const file of ['session.lock', 'guard', 'holder', 'own']) {
    const held = await site.lab.ssh('cp-1', `flock -n /run/kboot/${file} true`, { user: 'nosudo' });
    expect(held.exitCode, held.stderr).not.toBe(0);
    expect(held.stderr).toContain('Permission denied');
  }
  expect(await output(site.lab, 'cp-1', 'stat -c %U:%a /run/kboot; ls -d /run/kboot*')).toBe(
    'root:700\n/run/kboot',
  );
});

test('a host that is down does not keep the others from their changes', async () => {
  await spoil(0);
  await site.lab.kill('cp-2');
  const result = await up(copy()).ended;
  expect(result, result.out).toMatchObject({ code: 4 });
  expect(result.out).not.toContain('warning: the lock');
  expect(await output(site.lab, 'cp-3', 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1');
});
