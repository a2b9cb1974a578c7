import '../view/no-color.ts';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { KbootError } from '../../src/model/error.ts';
import { gatesOf, stepsOf, tasksOf } from '../../src/plan/steps.ts';
import type { Plan } from '../../src/plan/types.ts';
import { readInventory } from '../../src/app/read-inventory.ts';
import { loadOrCreatePki } from '../../src/store/pki.ts';
import { defaultStateDir, openState } from '../../src/store/state.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { context, keyFor } from '../samples/pki.ts';
import { kboot } from './run.ts';

let folder: string;
let inventory: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-cli-'));
  inventory = join(folder, 'lab.yaml');
  writeFileSync(inventory, inventoryWith());
  return () => {
    rmSync(folder, { recursive: true });
  };
});
const planIn = (out: string): Plan => (JSON.parse(out) as { plan: Plan }).plan;
const issuedBy = (plan: Plan): string[] =>
  stepsOf(plan).flatMap((step) => (step.type === 'issue' ? step.certificates : []));

describe('kboot validate', () => {
  it('says that an inventory is valid, and writes nothing', async () => {
    expect(await kboot('validate', inventory)).toEqual({
      out: `${inventory}: valid: test, 2 hosts, Kubernetes v1.36.2\n`,
      err: '',
      exit: 0,
      error: undefined,
    });
    expect(JSON.parse((await kboot('validate', inventory, '-o', 'json')).out)).toMatchObject({
      type: 'valid',
      cluster: 'test',
      hosts: 2,
    });
    expect(readdirSync(folder)).toEqual(['lab.yaml']);
  });

  it('reports every problem of an invalid one, with its location', async () => {
    writeFileSync(inventory, inventoryWith(['nonsense: 1', 'controlPlaneEndpoint: "http://x"']));
    const { error } = await kboot('validate', inventory);
    expect(error).toMatchObject({ code: 'E-INVENTORY', exit: 3 });
    const lines = (error as Error).message.split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(new RegExp(`^${inventory}:\\d+:\\d+: `));
  });

  it('names a missing file', async () => {
    expect((await kboot('validate', join(folder, 'none.yaml'))).error).toMatchObject({ code: 'E-INVENTORY' });
  });
});

describe('kboot schema', () => {
  it.each([
    [[], 'inventory'],
    [['plan'], 'plan'],
    [['events'], 'events'],
  ])('with %j prints the schema of the repository', async (words, name) => {
    const { out } = await kboot('schema', ...words);
    const stored = readFileSync(new URL(`../../${name}.schema.json`, import.meta.url), 'utf8');
    expect(JSON.parse(out)).toEqual(JSON.parse(stored));
    const event = await kboot('schema', ...words, '-o', 'json');
    expect(event.out.indexOf('\n')).toBe(event.out.length - 1);
    expect(JSON.parse(event.out)).toEqual({ type: 'schema', name, schema: JSON.parse(stored) as unknown });
  });
});

describe('kboot version', () => {
  it('prints the version of kboot and the versions that it installs', async () => {
    const { out } = await kboot('version');
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(out).toMatch(new RegExp(`^kboot ${version}\nKubernetes .*v1\\.36\\.2`));
    expect(JSON.parse((await kboot('version', '-o', 'json')).out)).toEqual({
      type: 'version',
      version,
      node: process.version,
      kubernetes: expect.arrayContaining(['v1.36.2']) as unknown,
    });
  });
});

describe('kboot plan --offline', () => {
  it('plans fresh hosts, contacts none, and writes nothing', async () => {
    const { out, err, exit } = await kboot('plan', inventory, '--offline');
    expect([err, exit]).toEqual(['', 0]);
    expect(out).toMatch(
      /^test · Kubernetes v1\.36\.2 · 1 control plane, 1 worker · API https:\/\/10\.0\.0\.11:6443\n/,
    );
    expect(out).toContain('Made without contacting a host');
    expect(readdirSync(folder)).toEqual(['lab.yaml']);
  });

  it('exits with 2 on request if changes are pending', async () => {
    const pending = await kboot('plan', inventory, '--offline', '--detailed-exitcode');
    expect(pending).toMatchObject({ exit: 2, error: undefined });
  });

  it('is plain JSON, the same each time', async () => {
    const [first, second] = [
      await kboot('plan', inventory, '--offline', '-o', 'json'),
      await kboot('plan', inventory, '--offline', '-o', 'json'),
    ];
    expect(first.out).toBe(second.out);
    const plan = planIn(first.out);
    expect(plan).toMatchObject({ kind: 'Plan', mode: 'offline', cluster: 'test' });
    expect(issuedBy(plan)).toContain('ca');
    const ids = [...stepsOf(plan), ...gatesOf(plan)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('stops after a stage and is limited to some hosts', async () => {
    const until = planIn(
      (await kboot('plan', inventory, '--offline', '-o', 'json', '--until', 'runtime')).out,
    );
    expect(until.phases.map(({ id, stage }) => [id, stage])).toEqual([
      ['certificates', 'host'],
      ['host', 'host'],
      ['runtime', 'runtime'],
    ]);
    const tasks = tasksOf(until.phases);
    expect(tasks.filter(({ on }) => on === 'cluster')).toEqual([]);
    expect(tasks.filter(({ on }) => on === 'operator')).toHaveLength(1);
    expect(gatesOf(until)).toEqual([]);
    expect((await kboot('plan', inventory, '--offline', '--limit', 'w-9')).error).toMatchObject({
      code: 'E-USAGE',
      message: expect.stringContaining('w-9') as unknown,
    });
    expect((await kboot('plan', inventory, '--offline', '--until', 'nowhere')).error).toBeInstanceOf(Error);
  });
});

describe('kboot plan --out', () => {
  const kept = (): string => join(folder, 'p.json');

  it('saves the plan, which show prints again unchanged', async () => {
    const made = await kboot('plan', inventory, '--offline', '--until', 'runtime', '--out', kept());
    expect(made).toMatchObject({ exit: 0, error: undefined });
    expect(made.err).toContain(`saved to ${kept()}`);
    const again = await kboot('plan', 'show', kept());
    expect(again.out).toBe(made.out);
    expect(again.err).toMatch(/^made \d{4}-\S+Z by kboot \S+, --until runtime\n$/);
    const json = await kboot('plan', 'show', kept(), '-o', 'json');
    expect(planIn(json.out)).toEqual((JSON.parse(readFileSync(kept(), 'utf8')) as { plan: Plan }).plan);
    const second = await kboot('plan', inventory, '--offline', '-o', 'json', '--out', kept());
    const [, saved = ''] = second.out.trim().split('\n');
    expect(JSON.parse(saved)).toMatchObject({ type: 'saved', file: kept() });
  });

  it('overwrites nothing but a plan, and checks that before it contacts any host', async () => {
    const { error, out } = await kboot('plan', inventory, '--offline', '--out', inventory);
    expect(error).toMatchObject({ code: 'E-USAGE', exit: 3 });
    expect(out).toBe('');
    expect(readFileSync(inventory, 'utf8')).toBe(inventoryWith());
  });
});

describe('kboot up --plan', () => {
  it('refuses a file that is not a plan, an offline plan and a missing file before it contacts anything', async () => {
    const file = join(folder, 'p.json');
    expect((await kboot('up', inventory, '--plan', file)).error).toMatchObject({ code: 'E-PLAN', exit: 3 });
    await kboot('plan', inventory, '--offline', '--out', file);
    expect((await kboot('up', inventory, '--plan', file)).error).toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('made offline') as unknown,
    });
    expect((await kboot('up', inventory, '--plan', inventory)).error).toMatchObject({ code: 'E-PLAN' });
    expect(readdirSync(folder).sort()).toEqual(['lab.yaml', 'p.json']);
  });
});

describe('kboot up', () => {
  it('does not create a cluster while a control plane could not be read, and releases the lock', async () => {
    // Nothing listens on ports 1 and 2 of this machine.
    const unreachable = inventoryWith(
      [],
      ['ssh: {address: 127.0.0.1, port: 2}', 'address: 10.0.0.21'],
    ).replace('address: 10.0.0.11}', 'address: 10.0.0.11, ssh: {address: 127.0.0.1, port: 1}}');
    writeFileSync(inventory, unreachable);
    const { error } = await kboot('up', inventory);
    expect(error).toMatchObject({ code: 'E-CONNECT', exit: 4, context: { host: 'cp-1' } });
    expect((error as KbootError).context.remedy).toContain('bootstraps a cluster only if every');
    const left = readdirSync(join(folder, '.kboot/test'));
    for (const name of ['lock', 'pki']) expect(left).not.toContain(name);
  });
});

describe('kboot bundle', () => {
  const bundleFolder = (): string => join(folder, 'bundle');
  beforeEach(() => {
    mkdirSync(join(bundleFolder(), 'bin/linux-amd64'), { recursive: true });
    mkdirSync(join(bundleFolder(), 'images/linux-amd64'), { recursive: true });
    writeFileSync(join(bundleFolder(), 'bin/linux-amd64/kubelet'), 'kubelet');
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify([{ RepoTags: ['registry.k8s.io/kube-apiserver:v1.36.2'] }]),
    );
    spawnSync('tar', [
      '-cf',
      join(bundleFolder(), 'images/linux-amd64/apiserver.tar'),
      '-C',
      folder,
      'manifest.json',
    ]);
  });

  it('indexes the files that are present and finds a file that changed', async () => {
    const { out } = await kboot('bundle', 'index', bundleFolder());
    expect(out).toMatch(/bundle\.json written for 2 files, 0 MB, 1 images, Kubernetes v1\.36\.2\n$/);
    expect((await kboot('bundle', 'verify', bundleFolder())).out).toContain('verified 2 files');
    writeFileSync(join(bundleFolder(), 'bin/linux-amd64/kubelet'), 'kubeleT');
    const { error } = await kboot('bundle', 'verify', bundleFolder());
    expect(error).toMatchObject({
      code: 'E-BUNDLE',
      context: { detail: expect.stringContaining('bin/linux-amd64/kubelet') as unknown },
    });
    writeFileSync(join(bundleFolder(), 'bin/linux-amd64/kubelet'), '');
    expect((await kboot('plan', inventory, '--offline', '--bundle', bundleFolder())).error).toMatchObject({
      code: 'E-BUNDLE',
    });
  });

  it('refuses a folder without a bundle, and an image without a name', async () => {
    expect((await kboot('bundle', 'index', folder)).error).toMatchObject({ code: 'E-BUNDLE' });
    expect((await kboot('bundle', 'verify', folder)).error).toMatchObject({ code: 'E-BUNDLE' });
    writeFileSync(join(bundleFolder(), 'images/linux-amd64/broken.tar'), 'not a tar');
    expect((await kboot('bundle', 'index', bundleFolder())).error).toMatchObject({ code: 'E-BUNDLE' });
  });

  it('reports a path that is not a bundle, with the origin of the path and a remedy', async () => {
    const said = async (directory: string, by: '--bundle' | 'KBOOT_BUNDLE'): Promise<string> => {
      const flags = by === '--bundle' ? [by, directory] : [];
      vi.stubEnv('KBOOT_BUNDLE', by === '--bundle' ? '/else' : directory);
      const { error } = await kboot('plan', inventory, '--offline', ...flags).finally(vi.unstubAllEnvs);
      expect(error).toMatchObject({ code: 'E-BUNDLE' });
      const { message, context: told } = error as KbootError;
      return `${message}\n${told.remedy ?? ''}`;
    };
    const [nowhere, empty, file] = ['nowhere', 'empty', 'bundle.tar'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(empty);
    writeFileSync(file, '');
    const make = (at: string): string =>
      `Specify the folder that contains bundle.json, or create a bundle: \`kboot bundle create ${at}\`.`;
    expect(await said(nowhere, '--bundle')).toBe(`--bundle: ${nowhere} does not exist\n${make(nowhere)}`);
    expect(await said(nowhere, 'KBOOT_BUNDLE')).toBe(
      `KBOOT_BUNDLE: ${nowhere} does not exist\n${make(nowhere)} To run without a bundle, unset KBOOT_BUNDLE.`,
    );
    expect(await said(file, '--bundle')).toMatch(
      /is a file; a bundle is a folder\n.*unpack an archive of a bundle first/,
    );
    expect(await said(empty, '--bundle')).toBe(
      `--bundle: ${empty} is not a bundle: it has neither bundle.json nor any of bin/, archives/, images/\n${make(empty)}`,
    );
    expect(await said(bundleFolder(), 'KBOOT_BUNDLE')).toMatch(
      /^KBOOT_BUNDLE: \S+ has no bundle.json, .*\n`kboot bundle create \S+` fetches .*`kboot bundle index \S+` writes it/,
    );
    writeFileSync(join(bundleFolder(), 'bundle.json'), '{');
    expect(await said(bundleFolder(), '--bundle')).toMatch(/bundle.json is not JSON: .*\nCopy it again/);
    const refused: readonly [string, string, string][] = [
      ['verify', nowhere, 'does not exist'],
      ['index', nowhere, 'does not exist'],
      ['index', file, 'is a file; a bundle is a folder'],
    ];
    for (const [action, path, why] of refused)
      expect((await kboot('bundle', action, path)).error).toMatchObject({ message: `${path} ${why}` });
  });

  it('of several bundles, uses the one for the inventory, and names all if none is', async () => {
    const bundleOf = async (version: string): Promise<string> => {
      const at = join(folder, version);
      mkdirSync(join(at, 'bin/linux-amd64'), { recursive: true });
      writeFileSync(join(at, 'bin/linux-amd64/kubectl'), version);
      await kboot('bundle', 'index', at, '--kubernetes-version', version);
      return at;
    };
    const [older, fits, other] = [
      await bundleOf('v1.34.9'),
      await bundleOf('v1.36.2'),
      join(folder, 'other'),
    ];
    const words = ['plan', inventory, '--offline', '--until', 'runtime'];
    const said = async (...flags: string[]): Promise<string> =>
      ((await kboot(...words, ...flags)).error as KbootError).message;
    const lacks = `the bundle ${fits} has no containerd for amd64`;
    const needed = 'but v1.36.2 is needed';
    expect(await said('--bundle', older, '--bundle', fits)).toBe(lacks);
    expect(await said('--bundle', older)).toBe(`the bundle ${older} is for Kubernetes v1.34.9, ${needed}`);
    vi.stubEnv('KBOOT_BUNDLE', `${older}:${fits}`);
    expect(await said()).toBe(lacks);
    const third = await bundleOf('v1.33.1');
    expect(await said('--bundle', older, '--bundle', third)).toBe(
      `no bundle fits: ${older} is for Kubernetes v1.34.9, ${third} is for Kubernetes v1.33.1, ${needed}`,
    );
    expect((await kboot(...words, '--bundle', '')).error).toBeUndefined();
    vi.unstubAllEnvs();
    cpSync(fits, other, { recursive: true });
    expect(await said('--bundle', fits, '--bundle', other)).toBe(
      `the bundles ${fits} and ${other} are both for Kubernetes v1.36.2`,
    );
  });

  it('a plan with a bundle that lacks a file names it', async () => {
    await kboot('bundle', 'index', bundleFolder());
    const words = ['plan', inventory, '--offline', '--bundle', bundleFolder()];
    expect((await kboot(...words, '--until', 'runtime')).error).toMatchObject({
      code: 'E-BUNDLE',
      message: expect.stringContaining('has no containerd for amd64') as unknown,
    });
    expect((await kboot(...words)).error).toMatchObject({
      code: 'E-BUNDLE',
      message: expect.stringContaining('lacks files that this cluster needs') as unknown,
      context: { detail: expect.stringContaining('registry.k8s.io/kube-proxy:v1.36.2') as unknown },
    });
  });
});

describe('kboot render and kubeconfig', () => {
  let place: string;
  let file: string;
  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'kboot-render-'));
    file = join(place, 'lab.yaml');
    writeFileSync(file, inventoryWith());
    expect((await kboot('kubeconfig', file)).error).toMatchObject({ code: 'E-STATE' });
    // A few keys, reused: generating keys takes time.
    const { cluster } = await readInventory(file);
    const state = await openState(defaultStateDir(file, cluster.name));
    let made = 0;
    const generateKey = (): Promise<string> => keyFor(`k${made++}`);
    await loadOrCreatePki(state, cluster, { ...context, now: new Date(), generateKey });
    const { out, error } = await kboot('render', file, '--out', join(place, 'tree'), '--with-secrets');
    expect(error).toBeUndefined();
    expect(out).toMatch(/tree: \d+ files for 2 hosts and the API\n$/);
  }, 60_000);
  afterAll(() => {
    rmSync(place, { recursive: true });
  });
  const tree = (path: string): string => readFileSync(join(place, 'tree', path), 'utf8');

  it('writes the files of each host, with keys readable only by the owner', () => {
    const conf = parse(tree('w-1/etc/kubernetes/kubelet.conf')) as {
      clusters: { cluster: Record<string, string> }[];
    };
    const ca = Buffer.from(
      conf.clusters[0]?.cluster['certificate-authority-data'] ?? '',
      'base64',
    ).toString();
    expect(ca).toBe(tree('w-1/etc/kubernetes/pki/ca.crt'));
    expect(tree('cp-1/etc/kubernetes/manifests/etcd.yaml')).toContain('kind: Pod');
    for (const path of readdirSync(join(place, 'tree'), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(place, 'tree', name),
    )) {
      if (!statSync(path).isFile()) continue;
      const text = readFileSync(path, 'utf8');
      expect(text).not.toMatch(/__kboot:|issued when the plan is applied/);
      if (/PRIVATE KEY|client-key-data/.test(text)) expect(statSync(path).mode & 0o077).toBe(0);
    }
  });

  it('leaves out everything with a secret unless asked, says so, and keeps secrets out of git', async () => {
    const password = 'Tr0ub4dor-and-3';
    vi.stubEnv('HARBOR_PASSWORD', password);
    writeFileSync(join(place, 'token'), `${password}\n`);
    writeFileSync(
      join(place, 'secrets.yaml'),
      inventoryWith([
        'encryption: {provider: secretbox}',
        `proxy: {http: 'http://squid:${password}@10.0.0.9:3128'}`,
        'containerd: {registries: [{host: harbor.example.com, credentials: {username: pull, passwordEnv: HARBOR_PASSWORD}}]}',
        `files: [{path: /etc/token, source: ./token, secret: true}, {path: /etc/motd, content: hello}]`,
      ]),
    );
    const render = (...flags: string[]): ReturnType<typeof kboot> =>
      kboot(
        'render',
        join(place, 'secrets.yaml'),
        '--out',
        join(place, flags.length === 0 ? 'review' : 'all'),
        ...flags,
      );
    const { out, err, error } = await render();
    const all = await render('--with-secrets');
    vi.unstubAllEnvs();
    expect([error, all.error]).toEqual([undefined, undefined]);
    expect(out).toMatch(/review: \d+ files for 2 hosts and the API\n$/);
    expect(err).toMatch(
      /^\d+ files with secrets were left out \(.*ca\.key.*\); --with-secrets writes them\n$/,
    );
    const filesOf = (dir: string): ReadonlyMap<string, string> =>
      new Map(
        readdirSync(join(place, dir), { recursive: true, encoding: 'utf8' })
          .filter((name) => statSync(join(place, dir, name)).isFile())
          .map((name) => [name, readFileSync(join(place, dir, name), 'utf8')]),
      );
    const [review, whole] = [filesOf('review'), filesOf('all')];
    expect([...review.keys()]).toEqual(
      expect.arrayContaining([
        'cp-1/etc/kubernetes/pki/ca.crt',
        'cp-1/etc/kubernetes/pki/sa.pub',
        'w-1/etc/motd',
      ]),
    );
    const secret = /PRIVATE KEY|client-key-data|Tr0ub4dor|secret: \S{20}/;
    expect(
      [...review].filter(([, text]) => secret.test(text) || text.includes(btoa(`pull:${password}`))),
    ).toEqual([]);
    const missing = [...whole.keys()].filter((name) => !review.has(name));
    expect(missing.map((name) => name.replace(/.*\//, ''))).toEqual(
      expect.arrayContaining([
        ...[
          'admin.conf',
          'super-admin.conf',
          'controller-manager.conf',
          'scheduler.conf',
          'ca.key',
          'sa.key',
        ],
        ...['hosts.toml', 'proxy.env', 'token'],
      ]),
    );
    expect(review.get('.gitignore')?.trimEnd().split('\n').toSorted()).toEqual(
      missing.map((name) => `/${name}`).toSorted(),
    );
    expect(whole.get('.gitignore')).toBe('*\n');
    for (const name of missing) expect(statSync(join(place, 'all', name)).mode & 0o077).toBe(0);
    expect(statSync(join(place, 'all')).mode & 0o077).toBe(0);
  });

  it('does not write into a folder that is not empty', async () => {
    expect((await kboot('render', file, '--out', join(place, 'tree'))).error).toMatchObject({
      code: 'E-USAGE',
    });
  });

  it('says why nothing can be written', async () => {
    expect((await kboot('render', file, '--out', file)).error).toMatchObject({
      code: 'E-STATE',
      message: `The files cannot be written: ${file}`,
    });
  });

  it('a plan made from an issued PKI contains no secret', async () => {
    const kept = join(place, 'p.json');
    const printed = await kboot('plan', file, '--offline', '-o', 'json', '--verbose', '--out', kept);
    expect(issuedBy(planIn(printed.out.split('\n')[0] ?? ''))).toEqual([]);
    const out = [
      printed.out,
      readFileSync(kept, 'utf8'),
      (await kboot('plan', 'show', kept, '--verbose')).out,
    ].join('\n');
    const keys = readdirSync(join(place, '.kboot/test/pki'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.key'),
    );
    expect(keys.length).toBeGreaterThan(10);
    for (const key of keys) {
      const pem = readFileSync(join(place, '.kboot/test/pki', key), 'utf8');
      expect(out).not.toContain(pem.split('\n')[3]);
      expect(out).not.toContain(Buffer.from(pem).toString('base64').slice(60, 160));
    }
    expect(out).not.toContain('PRIVATE KEY');
  });

  it('prints a kubeconfig, and merges it without losing existing entries', async () => {
    const { out } = await kboot('kubeconfig', file);
    expect(JSON.parse((await kboot('kubeconfig', file, '-o', 'json')).out)).toEqual({
      ...{ type: 'kubeconfig', cluster: 'test', kubeconfig: out },
    });
    expect(parse(out)).toMatchObject({
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: 'https://10.0.0.11:6443' } }],
    });
    const outside = await kboot('kubeconfig', file, '--server', 'https://203.0.113.5:6443/');
    expect(parse(outside.out)).toMatchObject({
      clusters: [{ cluster: { server: 'https://203.0.113.5:6443' } }],
    });
    expect(outside.err).toContain("the API server's certificate of cp-1 does not name 203.0.113.5");
    expect((await kboot('kubeconfig', file, '--server', 'https://10.0.0.11:6443')).err).toBe('');
    for (const server of ['203.0.113.5:6443', 'http://203.0.113.5:6443', 'https://a@b', 'https://a/b'])
      expect((await kboot('kubeconfig', file, '--server', server)).error).toMatchObject({ code: 'E-USAGE' });
    const target = join(place, 'kube/config');
    mkdirSync(join(place, 'kube'));
    writeFileSync(
      target,
      'apiVersion: v1\nkind: Config\npreferences: {colors: true}\ncontexts: [{name: other, context: {}}, {name: test, context: {cluster: stale}}]\ncurrent-context: other\n',
    );
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = target;
    try {
      await kboot('kubeconfig', file, '--merge');
      const once = readFileSync(target, 'utf8');
      await kboot('kubeconfig', file, '--merge');
      expect(readFileSync(target, 'utf8')).toBe(once);
      expect(parse(once)).toMatchObject({
        preferences: { colors: true },
        'current-context': 'test',
        contexts: [{ name: 'other' }, { name: 'test', context: { cluster: 'test', user: 'test-admin' } }],
        clusters: [{ name: 'test' }],
      });
      expect(statSync(target).mode & 0o777).toBe(0o600);
      writeFileSync(target, 'not a kubeconfig');
      expect((await kboot('kubeconfig', file, '--merge')).error).toMatchObject({ code: 'E-STATE' });
      expect(readFileSync(target, 'utf8')).toBe('not a kubeconfig');
    } finally {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    }
  });
});

describe('--html', () => {
  const page = (): string => join(folder, 'out', 'plan.html');

  it('writes the printed plan, readable only by its owner, over an older page', async () => {
    mkdirSync(join(folder, 'out'));
    writeFileSync(page(), '<meta name="generator" content="kboot 0.1.0" />', { mode: 0o644 });
    const { out, err, exit } = await kboot('plan', inventory, '--offline', '--html', page());
    expect(exit).toBe(0);
    expect(err).toMatch(/^page .*plan\.html, \d+ KiB$/m);
    const steps = /Plan: (\d+) steps/.exec(out)?.[1] ?? '';
    const text = readFileSync(page(), 'utf8');
    expect(text).toContain(
      `Nothing has been changed. ${steps} steps on 2 hosts, through the API and on this machine.`,
    );
    expect(text).toContain('10.244.0.0/16');
    expect(statSync(page()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'out'))).toEqual(['plan.html']);
  });

  it('does not replace a file that is not a page, and then does nothing else', async () => {
    mkdirSync(join(folder, 'sub'));
    symlinkSync(inventory, join(folder, 'link'));
    const before = readFileSync(inventory, 'utf8');
    for (const target of ['/dev/null', join(folder, 'sub'), join(folder, 'link'), inventory])
      for (const command of [
        ['plan', inventory, '--offline'],
        ['up', inventory, '--yes'],
      ]) {
        const { out, error } = await kboot(...command, '--html', target);
        expect(error).toMatchObject({ code: 'E-USAGE' });
        expect(out).toBe('');
      }
    expect(readFileSync(inventory, 'utf8')).toBe(before);
    expect(existsSync(join(folder, '.kboot'))).toBe(false);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
