import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAt, stepLines } from './kboot.ts';
import type { KbootEvent, KbootOptions, KbootResult, Site } from './kboot.ts';
import { runtimeSite } from './three-hosts.ts';
import { output } from './traces.ts';

const names = ['cp-1', 'w-1', 'w-2'];

let site: Site;

beforeAll(async () => {
  site = await runtimeSite('crash', '10.79.2');
});

afterAll(() => site.close());

const up = (options: KbootOptions = {}): Promise<KbootResult> =>
  site.kboot('up', ['--until', 'runtime', '--yes', '-o', 'json'], options);

/** State of a host that must not depend on how it was reached, without inode numbers and times. */
async function endState(): Promise<readonly string[]> {
  const script = `cd / && find etc usr/local opt/cni var/lib/kboot \\( -name '*.cache' -o -path 'etc/ssh' -o -path '*/systemd/system/*.wants' \\) -prune -o -printf '%p|%y|%m|%U:%G|%l\\n' | LC_ALL=C sort
    find etc/containerd etc/sysctl.d etc/modules-load.d etc/fstab etc/crictl.yaml usr/local opt/cni -type f | LC_ALL=C sort | xargs sha256sum
    LC_ALL=C sort /var/lib/kboot/owned; cat /var/lib/kboot/cluster; cut -d'|' -f2,4 /var/lib/kboot/sums
    systemctl is-enabled containerd; systemctl is-active containerd; cat /proc/sys/net/ipv4/ip_forward; tail -n +2 /proc/swaps`;
  return Promise.all(names.map((name) => output(site.lab, name, script)));
}

/** Where kboot is killed, in order, each later in the same installation. */
const moments: readonly (readonly [string, (event: KbootEvent) => boolean])[] = [
  ['before the first step', (event) => event.type === 'plan'],
  ['at the first step', (event) => event.type === 'start'],
  ['while an archive is sent', (event) => isStep(event, 'start', 'archive containerd')],
  ['when an archive is unpacked', (event) => isStep(event, 'done', 'archive containerd')],
  ['while another archive is sent', (event) => isStep(event, 'start', 'archive cni-plugins')],
  ['when containerd is started', (event) => isStep(event, 'start', 'unit containerd')],
];

function isStep(event: KbootEvent, type: string, resource: string): boolean {
  return event.type === type && event.step?.endsWith(`: ${resource}`) === true;
}

test('kill -9 of kboot again and again: the next run continues, with the same final state', async () => {
  expect(await up()).toMatchObject({ exitCode: 0 });
  const undisturbed = await endState();
  expect(await site.kboot('reset', ['--yes'])).toMatchObject({ exitCode: 0 });

  for (const [title, isMoment] of moments) await killAt(title, up, isMoment);

  const last = await up();
  expect(last, last.stdout).toMatchObject({ exitCode: 0 });
  expect(await endState()).toEqual(undisturbed);
  expect(stepLines(await up())).toEqual([]);
});

test('a host that loses power: the others finish, the summary names it, and after its boot up finishes', async () => {
  expect(await site.kboot('reset', ['--yes'])).toMatchObject({ exitCode: 0 });
  let cut: Promise<void> | undefined;
  const result = await site.kboot('up', ['--until', 'runtime', '--yes', '-o', 'json'], {
    onEvent: (event) => {
      if (event.step === 'w-1: archive containerd' && event.type === 'start') cut ??= site.lab.kill('w-1');
    },
  });
  await cut;
  expect(result, result.stdout).toMatchObject({ exitCode: 1 });
  const done = result.events.filter((event) => event.type === 'task-done' && event.phase === 'runtime');
  expect(done.map((event) => event.host).sort()).toEqual(['cp-1', 'w-2']);
  expect(result.events.find((event) => event.type === 'host-lost')).toMatchObject({ host: 'w-1' });
  expect(result.events.find((event) => event.type === 'summary')?.['failures']).toMatchObject([
    { host: 'w-1', code: 'E-CONNECT' },
  ]);

  // While it is off, the others have no changes, and the run names the missing host.
  const without = await site.kboot('up', ['--until', 'runtime', '--yes']);
  expect(without).toMatchObject({ exitCode: 4 });
  expect(without.stderr).toContain('w-1');

  await site.lab.boot('w-1');
  const finished = await up();
  expect(finished, finished.stdout).toMatchObject({ exitCode: 0 });
  expect(new Set(stepLines(finished).map((line) => line.split(' ')[0]))).toEqual(new Set(['w-1']));
  expect(await output(site.lab, 'w-1', 'systemctl is-active containerd')).toBe('active');
  expect(stepLines(await up())).toEqual([]);
});
