import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepLines } from './kboot.ts';
import type { KbootResult, Site, SiteSpec } from './kboot.ts';
import { runtimeSite } from './three-hosts.ts';
import { output } from './traces.ts';

// spec.files and spec.hooks on real hosts.

const token = 'dont-tell-anybody-7c1f';
const until = ['--until', 'runtime', '--yes', '--allow-hooks', '-o', 'json'];

let site: Site;

const spec = (more: SiteSpec = {}): SiteSpec => ({
  files: [
    { path: '/etc/containerd/certs.d/example/hosts.toml', source: 'hosts.toml', stage: 'runtime' },
    { path: '/etc/own/deep/token', content: token, secret: true, mode: '600', hosts: ['w-1'] },
  ],
  hooks: [
    {
      name: 'begin',
      before: 'host',
      on: 'operator',
      run: 'echo "begin $KBOOT_CLUSTER" >> "$KBOOT_STATE/own.log"',
    },
    {
      name: 'mark',
      after: 'runtime',
      roles: ['worker'],
      unless: 'test -e /srv/mark',
      run: 'echo "$KBOOT_HOST $KBOOT_ADDRESS $KBOOT_ROLES" > /srv/mark',
    },
    { name: 'count', before: 'runtime', roles: ['control-plane'], run: 'echo x >> /srv/count' },
  ],
  ...more,
});

const up = (): Promise<KbootResult> => site.kboot('up', until);
const own = (): string => readFileSync(join(site.dir, '.kboot/own/own.log'), 'utf8');

beforeAll(async () => {
  site = await runtimeSite('own', '10.77.37');
  await site.write('site', { spec: spec() });
  writeFileSync(join(site.dir, 'hosts.toml'), 'server = "https://one.example"\n');
});

afterAll(() => site.close());

test('files are written and hooks run as specified in the inventory; the secret is not visible', async () => {
  const plan = await site.kboot('plan', ['--until', 'runtime', '--verbose']);
  const result = await up();
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  expect(
    stepLines(result)
      .filter((line) => line.includes('hook'))
      .sort(),
  ).toEqual(['cp-1 run hook count', 'operator run hook begin', 'w-1 run hook mark', 'w-2 run hook mark']);
  expect(await output(site.lab, 'cp-1', 'cat /etc/containerd/certs.d/example/hosts.toml')).toBe(
    'server = "https://one.example"',
  );
  expect(await output(site.lab, 'w-1', 'cat /etc/own/deep/token; stat -c " %a" /etc/own/deep/token')).toBe(
    `${token} 600`,
  );
  expect(await output(site.lab, 'w-2', 'ls /etc/own 2>&1 || true')).toContain('No such file');
  expect(await output(site.lab, 'w-1', 'cat /srv/mark')).toBe('w-1 10.77.37.21 worker');
  expect(own()).toBe('begin own\n');
  const runs = join(site.dir, '.kboot/own/runs');
  const logs = readdirSync(runs).map((file) => readFileSync(join(runs, file), 'utf8'));
  for (const text of [plan.stdout, result.stdout, result.stderr, ...logs]) expect(text).not.toContain(token);
});

test('a second up runs nothing; a hook whose `unless` fails again is drift, and only it runs', async () => {
  expect(stepLines(await up())).toEqual([]);
  await output(site.lab, 'w-2', 'rm /srv/mark');
  const drift = await site.kboot('drift', ['--until', 'runtime', '--allow-hooks']);
  expect(drift, drift.stderr).toMatchObject({ exitCode: 2 });
  expect(drift.stdout).toMatch(/\$ hook +mark {2}after runtime\n +\$ echo "\$KBOOT_HOST/);
  expect(stepLines(await up()).toSorted()).toEqual(['operator run hook begin', 'w-2 run hook mark']);
  expect(await output(site.lab, 'cp-1', 'wc -l < /srv/count')).toBe('1');
  expect(own()).toBe('begin own\nbegin own\n');
});

test('without --allow-hooks nothing of the inventory runs while planning, and up asks right before the hook', async () => {
  await output(site.lab, 'w-1', 'rm /srv/mark');
  await output(site.lab, 'w-2', 'echo kept > /srv/mark');
  const plain = ['--until', 'runtime'];
  const seen = 'unless was here';
  const asks = (name: string, path: string, more: object): object => ({
    ...{ name, unless: `echo "${seen}" >> ${path}.asked; test -e ${path}`, ...more },
    run: `echo made > ${path}`,
  });
  const here = join(site.dir, 'here');
  const hooks = [
    asks('there', '/srv/mark', { after: 'runtime', roles: ['worker'] }),
    asks('here', here, { before: 'host', on: 'operator' }),
  ];
  await site.write('site', { spec: spec({ hooks }) });
  for (const verb of ['plan', 'drift']) {
    const { stdout } = await site.kboot(verb, plain);
    expect(stdout).toMatch(/\$ hook +there .*\n +\$ echo made .*\n +unless \$ echo "unless was here"/);
    expect(stdout).toContain('`unless` of hooks there, here was not run while planning');
  }
  expect(existsSync(`${here}.asked`)).toBe(false);
  expect(await output(site.lab, 'w-2', 'ls /srv')).not.toContain('asked');
  const result = await site.kboot('up', [...plain, '--yes']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(await output(site.lab, 'w-1', 'cat /srv/mark')).toBe('made');
  expect(await output(site.lab, 'w-2', 'cat /srv/mark')).toBe('kept');
  expect(readFileSync(here, 'utf8')).toBe('made\n');
  expect((await site.kboot('drift', [...plain, '--allow-hooks'])).exitCode).toBe(0);
  await site.write('site', { spec: spec() });
  expect(await up()).toMatchObject({ exitCode: 0 });
});

test('a changed file is shown as a diff, and an older plan is refused', async () => {
  const file = join(site.dir, 'p.json');
  await output(site.lab, 'w-1', 'rm /srv/mark');
  await site.kboot('plan', ['--until', 'runtime', '--allow-hooks', '--out', file]);
  writeFileSync(join(site.dir, 'hosts.toml'), 'server = "https://two.example"\n');
  const stale = await site.kboot('up', ['--plan', file, '--yes', '--allow-hooks']);
  expect(stale, stale.stderr).toMatchObject({ exitCode: 6 });
  expect(stale.stderr).toContain('spec.files /etc/containerd/certs.d/example/hosts.toml');
  const plan = await site.kboot('plan', ['--until', 'runtime']);
  expect(plan.stdout).toContain('-server = "https://one.example"\n      +server = "https://two.example"');
  expect(await up()).toMatchObject({ exitCode: 0 });
  expect(await output(site.lab, 'w-2', 'cat /etc/containerd/certs.d/example/hosts.toml')).toContain('two');
  expect(stepLines(await up())).toEqual([]);
});

test('a failed hook stops its host and reports its output; on this machine it stops the run before it starts', async () => {
  const failing = { name: 'fails', before: 'host', unless: 'false', run: 'echo no disk; exit 3' };
  await site.write('site', { spec: spec({ hooks: [{ ...failing, hosts: ['w-2'] }] }) });
  const there = await site.kboot('up', ['--until', 'runtime', '--yes']);
  expect(there, there.stderr).toMatchObject({ exitCode: 1 });
  expect(there.stderr).toMatch(/✗ w-2 · hook fails\n {2}ended with status 3\n {4}no disk\n/);
  await site.write('site', { spec: spec({ hooks: [{ ...failing, on: 'operator' }] }) });
  const here = await site.kboot('up', ['--until', 'runtime', '--yes']);
  expect(here, here.stderr).toMatchObject({ exitCode: 1 });
  expect(here.stderr).toContain('hook fails, on this machine: ended with status 3');
  expect(here.stderr).toContain('no disk');
});

test("a file of kboot's own, and one that does not exist, are refused before any host is contacted", async () => {
  await site.write('site', { spec: spec({ files: [{ path: '/etc/containerd/config.toml', content: '' }] }) });
  const taken = await site.kboot('plan', ['--offline', '--until', 'runtime']);
  expect(taken, taken.stdout).toMatchObject({ exitCode: 3 });
  expect(taken.stderr).toContain("spec.files: /etc/containerd/config.toml is kboot's own");
  await site.write('site', { spec: spec({ files: [{ path: '/etc/a', source: 'none' }] }) });
  const missing = await site.kboot('validate');
  expect(missing.exitCode).toBe(3);
  expect(missing.stderr + missing.stdout).toMatch(/spec\.files\[0\]\.source \S+none does not exist/);
});
