import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drifts } from './drifts.ts';
import { costs, stepLines } from './kboot.ts';
import type { KbootOptions, KbootResult, PlannedStep, Site } from './kboot.ts';
import { runtimeSite } from './three-hosts.ts';
import { fingerprint, output, processes } from './traces.ts';

const names = ['cp-1', 'w-1', 'w-2'];
const until = ['--until', 'runtime'];

let site: Site;
let file: string;

beforeAll(async () => {
  site = await runtimeSite('saved', '10.77.36');
  file = join(site.dir, 'p.json');
});

afterAll(() => site.close());

const keep = (path = file, rest = until, options: KbootOptions = {}): Promise<KbootResult> =>
  site.kboot('plan', [...rest, '--out', path], options);
const upWith = (
  path = file,
  rest: readonly string[] = [],
  options: KbootOptions = {},
): Promise<KbootResult> => site.kboot('up', ['--plan', path, '--yes', '-o', 'json', ...rest], options);

interface Saved {
  readonly plan: { readonly hostSteps: readonly PlannedStep[]; readonly issue: readonly string[] };
}
const saved = (path = file): Saved => JSON.parse(readFileSync(path, 'utf8')) as Saved;
const stateFolder = (): string => join(site.dir, '.kboot/saved');

/** Ids of the steps that were done, from the newest run log. */
function appliedSteps(): readonly string[] {
  const runs = join(stateFolder(), 'runs');
  const [newest = ''] = readdirSync(runs).sort().reverse();
  return readFileSync(join(runs, newest), 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { type: string; step: string }]))
    .flatMap(({ type, step }) => (type === 'done' ? [step] : []))
    .sort();
}

/** Applies the plan in `file`: what it says is what is done, no more and no less, and then nothing is left. */
async function expectExactly(options: KbootOptions = {}): Promise<KbootResult> {
  const planned = saved()
    .plan.hostSteps.map(({ id }) => id)
    .sort();
  expect(planned.length).toBeGreaterThan(0);
  const result = await upWith(file, [], options);
  expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
  expect(appliedSteps()).toEqual(planned);
  expect(result.events.find((event) => event.type === 'summary')).toMatchObject({
    executed: planned.length,
    planned: planned.length,
  });
  const after = await site.kboot('plan', [...until, '--detailed-exitcode', '-o', 'json'], options);
  expect(after, after.stderr).toMatchObject({ exitCode: 0 });
  expect(stepLines(after)).toEqual([]);
  return result;
}

/** Applying is refused, with these words in the text of the error; nothing is done. */
async function expectStale(
  path: string,
  words: readonly string[],
  options: KbootOptions = {},
): Promise<void> {
  const runs = readdirSync(join(stateFolder(), 'runs'));
  const refused = await site.kboot('up', ['--plan', path, '--yes'], options);
  expect(refused, refused.stdout + refused.stderr).toMatchObject({ exitCode: 6, stdout: '' });
  for (const word of [...words, 'E-PLAN-STALE']) expect(refused.stderr).toContain(word);
  expect(readdirSync(join(stateFolder(), 'runs'))).toEqual(runs);
}

async function everyHost<T>(look: (name: string) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(names.map(look));
}

/** Twenty plans leave every host as it was. */
async function expectReadsOnly(): Promise<void> {
  const before = await everyHost((name) => fingerprint(site.lab, name));
  const ran = await everyHost((name) => processes(site.lab, name));
  for (const list of ran) expect(list).toContain('systemd-journald');
  for (let run = 0; run < 20; run++)
    expect((await site.kboot(run % 5 === 0 ? 'drift' : 'plan', until)).exitCode, `run ${run}`).not.toBe(1);
  expect(await everyHost((name) => fingerprint(site.lab, name))).toEqual(before);
  expect(await everyHost((name) => processes(site.lab, name))).toEqual(ran);
}

test('plans of fresh hosts read only', expectReadsOnly);

test('fresh hosts: the plan that was kept is done, and nothing else', async () => {
  const made = await keep();
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(saved().plan.issue.length).toBeGreaterThan(10);
  await expectExactly();
  // What it was made from is gone now: the same file is refused, and says so.
  await expectStale(file, ['state folder: ca: was to be issued']);
});

test('no-op: an empty plan is kept and does nothing, in one connection and one exec a host', async () => {
  expect(await keep()).toMatchObject({ exitCode: 0 });
  expect(saved().plan.hostSteps).toEqual([]);
  const result = await site.kboot('up', ['--plan', file, '--yes', '--stats']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stdout).toMatch(/^saved: nothing to do \(3 hosts, \d+ resources checked/);
  for (const { connections, execs } of costs(result).values()) expect([connections, execs]).toEqual([1, 1]);
});

test('plans of hosts that are done read only', expectReadsOnly);

describe.each(drifts)('drift: $title', ({ host, spoil, check, steps }) => {
  test('a plan of before is refused with the fact named; one of now does just what it says', async () => {
    const old = join(site.dir, 'old.json');
    expect(await keep(old)).toMatchObject({ exitCode: 0 });
    await output(site.lab, host, spoil);
    const [first = ''] = steps;
    const resource = first.split(' ').slice(1).join(' ');
    await expectStale(old, [`${host}: ${resource}: was `, '; now ']);
    expect(await keep()).toMatchObject({ exitCode: 0 });
    const result = await expectExactly();
    expect(stepLines(result)).toEqual(steps.map((step) => `${host} ${step}`));
    await output(site.lab, host, check);
  });
});

test('plans of hosts that drifted read only', async () => {
  await output(site.lab, 'w-2', 'echo "# by hand" >> /etc/containerd/config.toml; rm /etc/crictl.yaml');
  await expectReadsOnly();
  expect(await keep()).toMatchObject({ exitCode: 0 });
  await expectExactly();
});

test('a change between the reading and the step is caught on the host', async () => {
  const config = '/etc/containerd/config.toml';
  await output(site.lab, 'w-1', `echo "# one" >> ${config}`);
  expect(await keep()).toMatchObject({ exitCode: 0 });
  // Whoever holds this lock keeps kboot's steps off the host, not its reading.
  const meanwhile = output(
    site.lab,
    'w-1',
    `flock /run/kboot.lock sh -c 'until [ -e /run/go ]; do sleep 0.2; done; echo "# two" >> ${config}; rm /run/go'`,
  );
  let told: Promise<string> | undefined;
  const result = await upWith(file, [], {
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
  expect(await keep()).toMatchObject({ exitCode: 0 });
  const config = {
    debug: { level: 'debug' },
    plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } },
  };
  const inventory = await site.write('changed', { spec: { containerd: { config } } });
  await expectStale(file, ['inventory: containerd.config.debug.level: was absent; now "debug"'], {
    inventory,
  });
  expect(await keep(file, until, { inventory })).toMatchObject({ exitCode: 0 });
  const result = await expectExactly({ inventory });
  expect(stepLines(result)).toEqual(
    names.flatMap((name) => [
      `${name} update file /etc/containerd/config.toml`,
      `${name} restart unit containerd`,
    ]),
  );
  expect(await site.kboot('up', [...until, '--yes'])).toMatchObject({ exitCode: 0 });
});

test('templates, bundle and state folder are part of what a plan was made from', async () => {
  expect(await keep()).toMatchObject({ exitCode: 0 });
  const templates = join(site.dir, 'templates');
  mkdirSync(join(templates, 'containerd'), { recursive: true });
  writeFileSync(join(templates, 'containerd/crictl.yaml.hbs'), '# mine\n');
  const own = await site.write('own', { spec: { templates } });
  await expectStale(file, ['template: containerd/crictl.yaml.hbs: was '], { inventory: own });
  await expectStale(file, ['bundle: the bundle: was '], { env: { KBOOT_BUNDLE: '' } });
  const elsewhere = await site.kboot('up', ['--plan', file, '--yes', '--state', join(site.dir, 'other')]);
  expect(elsewhere).toMatchObject({ exitCode: 3 });
  expect(elsewhere.stderr).toContain('is a plan of another cluster saved');
});

test('a half-finished run: its plan is stale, the next plan is exact', async () => {
  expect(await site.kboot('reset', ['--yes'])).toMatchObject({ exitCode: 0 });
  expect(await keep()).toMatchObject({ exitCode: 0 });
  let killed = false;
  const broken = await upWith(file, [], {
    onEvent: (event, kill) => {
      if (killed || event.type !== 'done' || event.step !== 'w-1: archive containerd') return;
      killed = true;
      kill();
    },
  });
  expect(broken.exitCode).toBe(null);
  await expectStale(file, [': was absent; now ']);
  expect(await keep()).toMatchObject({ exitCode: 0 });
  await expectExactly();
});

test('a host that is cut off is unreachable, not stale; another machine in its place is stale', async () => {
  expect(await keep()).toMatchObject({ exitCode: 0 });
  await site.lab.kill('w-2');
  const without = await upWith();
  expect(without, without.stdout).toMatchObject({ exitCode: 4 });
  await site.lab.boot('w-2');
  await output(site.lab, 'w-2', 'cp /etc/machine-id /run/id; rm /etc/machine-id; systemd-machine-id-setup');
  await expectStale(file, ['w-2: machine-id: was ']);
  await output(site.lab, 'w-2', 'cat /run/id > /etc/machine-id');
  expect(await upWith()).toMatchObject({ exitCode: 0 });
});

test('flags, tampered, cut-off and offline files: one clear error each, and no host is touched', async () => {
  await output(site.lab, 'w-1', 'rm /etc/crictl.yaml');
  expect(await keep()).toMatchObject({ exitCode: 0 });
  const text = readFileSync(file, 'utf8');
  const refusals: readonly (readonly [string, readonly string[], string])[] = [
    [text.replace('kb_install', 'kb_instal'), [], 'its digest is another'],
    [text.slice(0, text.length / 2), [], 'is not whole'],
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
  expect(unasked.stdout).toContain('Plan: 1 steps on 3 hosts (1 to create).');
  expect(await keep(other, [...until, '--offline'])).toMatchObject({ exitCode: 0 });
  expect((await upWith(other)).stdout).toContain('was made offline');
  expect(await output(site.lab, 'w-1', 'ls /etc/crictl.yaml 2>/dev/null || echo gone')).toBe('gone');
  await expectExactly();
});

test('no key and no password stands in a plan file', () => {
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
