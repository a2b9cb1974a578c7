import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from '../../src/plan/steps.ts';
import { drifts } from './drifts.ts';
import { planFiles } from './exact.ts';
import type { PlanFiles } from './exact.ts';
import { costs, stepLines } from './kboot.ts';
import type { KbootOptions, KbootResult, Site } from './kboot.ts';
import { runtimeSite } from './three-hosts.ts';
import { fingerprint, output, processes } from './traces.ts';

const names = ['cp-1', 'w-1', 'w-2'];
const until = ['--until', 'runtime'];

let site: Site;
let plans: PlanFiles;
let file: string;

beforeAll(async () => {
  site = await runtimeSite('saved', '10.77.36');
  plans = planFiles(site, 'saved', until);
  file = plans.file;
});

afterAll(() => site.close());

const upWith = (rest: readonly string[] = [], options: KbootOptions = {}): Promise<KbootResult> =>
  site.kboot('up', ['--plan', file, '--yes', '-o', 'json', ...rest], options);
const keep = (path = file, options: KbootOptions = {}): Promise<KbootResult> => plans.keep(path, options);
const stateFolder = (): string => join(site.dir, '.kboot/saved');

async function everyHost<T>(look: (name: string) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(names.map(look));
}

/** Eight plans do not change any host. */
async function expectReadsOnly(): Promise<void> {
  const before = await everyHost((name) => fingerprint(site.lab, name));
  const ran = await everyHost((name) => processes(site.lab, name));
  for (const list of ran) expect(list).toContain('systemd-journald');
  for (let run = 0; run < 8; run++)
    expect((await site.kboot(run % 4 === 0 ? 'drift' : 'plan', until)).exitCode, `run ${run}`).not.toBe(1);
  expect(await everyHost((name) => fingerprint(site.lab, name))).toEqual(before);
  expect(await everyHost((name) => processes(site.lab, name))).toEqual(ran);
}

test('plans of fresh hosts only read', expectReadsOnly);

test('fresh hosts: exactly the saved plan is applied', async () => {
  await keep();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const issued = stepsOf(plans.read().plan).flatMap((step) =>
    step.type === 'issue' ? step.certificates : [],
  );
  expect(issued.length).toBeGreaterThan(10);
  await plans.expectExactly();
  // Its inputs have changed now: the same file is refused as stale.
  await plans.expectStale(file, ['state folder: ca: was to be issued']);
});

test('no-op: an empty plan is saved and does nothing, in one connection and one exec per host', async () => {
  await keep();
  expect(stepsOf(plans.read().plan)).toEqual([]);
  const result = await site.kboot('up', ['--plan', file, '--yes', '--stats']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toMatch(/^saved: nothing to do \(3 hosts, \d+ resources checked/);
  for (const { connections, execs } of costs(result).values()) expect([connections, execs]).toEqual([1, 1]);
});

test('plans of finished hosts only read', expectReadsOnly);

describe.each(drifts)('drift: $title', ({ host, spoil, check, steps }) => {
  test('an older plan is refused with the changed fact; a new one is applied exactly', async () => {
    const old = join(site.dir, 'old.json');
    await keep(old);
    await output(site.lab, host, spoil);
    const [first = ''] = steps;
    const resource = first.split(' ').slice(1).join(' ');
    await plans.expectStale(old, [`${host}: ${resource}: was `, '; now ']);
    await keep();
    const result = await plans.expectExactly();
    expect(stepLines(result)).toEqual(steps.map((step) => `${host} ${step}`));
    await output(site.lab, host, check);
  });
});

test('plans of hosts with drift only read', async () => {
  await output(site.lab, 'w-2', 'echo "# by hand" >> /etc/containerd/config.toml; rm /etc/crictl.yaml');
  await expectReadsOnly();
  await keep();
  await plans.expectExactly();
});

test('a change between reading and the step is detected on the host', async () => {
  const config = '/etc/containerd/config.toml';
  await output(site.lab, 'w-1', `echo "# one" >> ${config}`);
  await keep();
  // This lock blocks kboot's steps on the host, but not its reading.
  const meanwhile = output(
    site.lab,
    'w-1',
    `mkdir -p -m 700 /run/kboot; flock /run/kboot/session.lock sh -c 'until [ -e /run/go ]; do sleep 0.2; done; echo "# two" >> ${config}; rm /run/go'`,
  );
  let told: Promise<string> | undefined;
  const result = await upWith([], {
    onEvent: (event) => {
      if (event.type === 'plan') told ??= output(site.lab, 'w-1', 'touch /run/go');
    },
  });
  await told;
  await meanwhile;
  expect(result, result.stdout).toMatchObject({ exitCode: 6 });
  expect(result.stdout).toContain(`${config} changed since the plan was made`);
  expect(await output(site.lab, 'w-1', `tail -n 1 ${config}`)).toBe('# two');
  expect(await site.kboot('up', [...until, '--yes'])).toMatchObject({ exitCode: 0 });
});

test('the inventory changed: the field is named; the new plan is exact', async () => {
  await keep();
  const config = {
    debug: { level: 'debug' },
    plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } },
  };
  const inventory = await site.write('changed', { spec: { containerd: { config } } });
  await plans.expectStale(file, ['inventory: containerd.config.debug.level: was absent; now "debug"'], {
    inventory,
  });
  await keep(file, { inventory });
  const result = await plans.expectExactly({ inventory });
  expect(stepLines(result)).toEqual(
    names.flatMap((name) => [
      `${name} update file /etc/containerd/config.toml`,
      `${name} restart unit containerd`,
    ]),
  );
  expect(await site.kboot('up', [...until, '--yes'])).toMatchObject({ exitCode: 0 });
});

test('templates, bundle and state folder are inputs of a plan', async () => {
  await keep();
  const templates = join(site.dir, 'templates');
  mkdirSync(join(templates, 'containerd'), { recursive: true });
  writeFileSync(join(templates, 'containerd/crictl.yaml.hbs'), '# mine\n');
  const own = await site.write('own', { spec: { templates } });
  await plans.expectStale(file, ['template: containerd/crictl.yaml.hbs: was '], { inventory: own });
  await plans.expectStale(file, ['bundle: the bundle: was '], { env: { KBOOT_BUNDLE: '' } });
  const elsewhere = await site.kboot('up', ['--plan', file, '--yes', '--state', join(site.dir, 'other')]);
  expect(elsewhere).toMatchObject({ exitCode: 3 });
  expect(elsewhere.stderr).toContain('is a plan of another cluster saved');
});

test('a half-finished run: its plan is stale, the next plan is exact', async () => {
  expect(await site.kboot('reset', ['--yes'])).toMatchObject({ exitCode: 0 });
  await keep();
  let killed = false;
  const broken = await upWith([], {
    onEvent: (event, kill) => {
      if (killed || event.type !== 'done' || event.step !== 'w-1: archive containerd') return;
      killed = true;
      kill();
    },
  });
  expect(broken.exitCode).toBe(null);
  await plans.expectStale(file, [': was absent; now ']);
  await keep();
  await plans.expectExactly();
});

test('an unreachable host does not make a plan stale; another machine in its place does', async () => {
  await keep();
  await site.lab.kill('w-2');
  const without = await upWith();
  expect(without, without.stdout).toMatchObject({ exitCode: 4 });
  await site.lab.boot('w-2');
  await output(site.lab, 'w-2', 'cp /etc/machine-id /run/id; rm /etc/machine-id; systemd-machine-id-setup');
  await plans.expectStale(file, ['w-2: machine-id: was ']);
  await output(site.lab, 'w-2', 'cat /run/id > /etc/machine-id');
  expect(await upWith()).toMatchObject({ exitCode: 0 });
});

test('flags, modified, truncated and offline files: one clear error each, and no host is changed', async () => {
  await output(site.lab, 'w-1', 'rm /etc/crictl.yaml');
  await keep();
  const text = readFileSync(file, 'utf8');
  const refusals: readonly (readonly [string, readonly string[], string])[] = [
    [text.replace('kb_install', 'kb_instal'), [], 'its digest does not match'],
    [text.slice(0, text.length / 2), [], 'is truncated, or is not JSON'],
    [text, ['--until', 'host'], '--until host contradicts'],
    [text, ['--limit', 'w-2'], '--limit w-2 contradicts'],
  ];
  const other = join(site.dir, 'other.json');
  for (const [content, rest, said] of refusals) {
    writeFileSync(other, content);
    const refused = await site.kboot('up', ['--plan', other, '--yes', ...rest]);
    expect(refused, said).toMatchObject({ exitCode: 3, stdout: '' });
    expect(refused.stderr).toContain(said);
  }
  const unasked = await site.kboot('up', ['--plan', file]);
  expect(unasked).toMatchObject({ exitCode: 3 });
  expect(unasked.stdout).toContain('Plan: 1 step on 1 host (1 to create).');
  expect(await site.kboot('plan', [...until, '--offline', '--out', other])).toMatchObject({ exitCode: 0 });
  const offline = await site.kboot('up', ['--plan', other, '--yes']);
  expect(offline.stderr).toContain('was made offline');
  expect(await output(site.lab, 'w-1', 'ls /etc/crictl.yaml 2>/dev/null || echo gone')).toBe('gone');
  await plans.expectExactly();
});

test('a plan file contains no keys or passwords', () => {
  const text = readFileSync(file, 'utf8');
  const pki = join(stateFolder(), 'pki');
  const keys = readdirSync(pki, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.key'),
  );
  expect(keys.length).toBeGreaterThan(10);
  for (const key of keys) {
    const pem = readFileSync(join(pki, key), 'utf8');
    expect(text).not.toContain(pem.split('\n')[3]);
    expect(text).not.toContain(Buffer.from(pem).toString('base64').slice(60, 160));
  }
  expect(text).not.toContain('PRIVATE KEY');
});
