import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { adminKubeconfig, type KubeconfigPlace } from '../../src/app/kubeconfig.ts';
import { mergeKubeconfig, type Merged } from '../../src/app/kubeconfig-merge.ts';
import { kubeconfigFiles, withKubeconfigLocks } from '../../src/store/kubeconfig-file.ts';
import { issued } from '../samples/desire.ts';
import { sampleCluster } from '../samples/pki.ts';
import { fakePki } from '../kube/api-server.ts';
import { failure } from '../transport/failure.ts';

let place: KubeconfigPlace;
let other: KubeconfigPlace;
let dir: string;

interface Kubeconfig {
  readonly [field: string]: unknown;
  readonly clusters: readonly { readonly name: string; readonly cluster: Record<string, unknown> }[];
  readonly users: readonly { readonly name: string; readonly user: Record<string, unknown> }[];
  readonly contexts: readonly { readonly name: string; readonly context: Record<string, unknown> }[];
}

beforeAll(async () => {
  const cluster = sampleCluster({ name: 'prod', controlPlaneEndpoint: { host: '10.0.0.100', port: 8443 } });
  const state = { dir: '/state' } as KubeconfigPlace['state'];
  const { pki } = await issued(cluster);
  place = { cluster, state, pki };
  const { ca, credentials } = await fakePki();
  const admin = { cert: credentials.certificatePem, key: credentials.keyPem };
  other = {
    cluster,
    state,
    pki: {
      ...pki,
      signer: () => ca,
      certificate: () => admin,
      trusted: () => [ca.cert],
      clusterId: () => 'other',
    },
  };
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kboot-kubeconfig-'));
  return () => {
    rmSync(dir, { recursive: true });
  };
});

const at = (...parts: string[]): string => join(dir, ...parts);
const config = (): string => at('.kube/config');
const read = (file = config()): Kubeconfig => parse(readFileSync(file, 'utf8')) as Kubeconfig;
function put(file: string, content: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : stringify(content), { mode: 0o600 });
}
let clock = Date.UTC(2026, 10, 28);
const merge = (
  {
    context,
    server,
    force = false,
    of = place,
  }: { context?: string; server?: string; force?: boolean; of?: KubeconfigPlace } = {},
  variable?: string,
): Promise<Merged> =>
  mergeKubeconfig(of, kubeconfigFiles(variable, dir), { context, server, force }, new Date((clock += 1000)));
const named = (list: readonly { readonly name: string }[]): readonly string[] => list.map(({ name }) => name);

describe('kubeconfig --merge', () => {
  it('writes a kubeconfig where there is none, for its owner only', async () => {
    expect(await merge()).toMatchObject({ files: [config()], backups: [], context: 'prod' });
    expect(read()).toMatchObject({ apiVersion: 'v1', kind: 'Config', 'current-context': 'prod' });
    expect(named(read().users)).toEqual(['prod-admin']);
    expect(statSync(config()).mode & 0o777).toBe(0o600);
    expect(readdirSync(at('.kube'))).toEqual(['config']);
  });

  it('changes nothing and keeps no copy the second time', async () => {
    await merge();
    const once = readFileSync(config(), 'utf8');
    expect(await merge()).toMatchObject({ files: [], backups: [], before: undefined });
    expect(readFileSync(config(), 'utf8')).toBe(once);
  });

  it('keeps other entries, fields, comments and the layout of kubectl', async () => {
    const text = [
      'apiVersion: v1',
      '# mine',
      'clusters:',
      '- cluster:',
      '    proxy-url: http://proxy:3128',
      '    server: https://other:6443 # far away',
      '  name: other',
      'contexts:',
      '- context:',
      '    cluster: other',
      '    namespace: web',
      '    user: me',
      '  name: other',
      'current-context: other',
      'kind: Config',
      'preferences: {}',
      'users:',
      '- name: me',
      '  user:',
      '    token: secret',
      '',
    ].join('\n');
    put(config(), text);
    expect(await merge()).toMatchObject({ before: 'other' });
    const after = readFileSync(config(), 'utf8');
    for (const line of text.split('\n').filter((each) => !each.startsWith('current-context')))
      expect(after.split('\n')).toContain(line);
    expect(named(read().clusters)).toEqual(['other', 'prod']);
    expect(read()['current-context']).toBe('prod');
  });

  it('keeps what was added to its own entries, and no contradiction to what it writes', async () => {
    await merge();
    const seen = read();
    Object.assign(seen.contexts[0]?.context ?? {}, { namespace: 'web' });
    Object.assign(seen.clusters[0]?.cluster ?? {}, {
      ...{ 'proxy-url': 'http://proxy:3128', server: 'https://former:6443' },
      ...{ 'insecure-skip-tls-verify': true, 'certificate-authority': '/gone' },
    });
    Object.assign(seen.users[0]?.user ?? {}, { token: 'x', as: 'somebody' });
    put(config(), seen);
    await merge();
    expect(read().contexts[0]?.context).toMatchObject({ namespace: 'web' });
    expect(read().clusters[0]?.cluster).toMatchObject({
      ...{ 'proxy-url': 'http://proxy:3128', server: 'https://10.0.0.100:8443' },
    });
    expect(Object.keys(read().clusters[0]?.cluster ?? {})).not.toContain('insecure-skip-tls-verify');
    expect(Object.keys(read().clusters[0]?.cluster ?? {})).not.toContain('certificate-authority');
    expect(read().users[0]?.user).toMatchObject({ as: 'somebody' });
    expect(Object.keys(read().users[0]?.user ?? {})).not.toContain('token');
  });

  it.each(['null', '[]', ''])('takes %j for an empty list', async (empty) => {
    put(config(), `kind: Config\nclusters: ${empty}\nusers: ${empty}\ncontexts: ${empty}\n`);
    await merge();
    expect(named(read().contexts)).toEqual(['prod']);
  });

  it('keeps JSON', async () => {
    put(
      config(),
      JSON.stringify({ clusters: [{ name: 'other', cluster: { server: 'https://o' } }], kind: 'Config' }),
    );
    await merge();
    expect(named(read().clusters)).toEqual(['other', 'prod']);
  });

  it.each(['[]', 'text', 'clusters: {a: b}', 'a: [', 'a: 1\n---\nb: 2\n'])(
    'refuses %j and leaves it',
    async (text) => {
      put(config(), text);
      expect(await failure(merge())).toMatchObject({ code: 'E-STATE' });
      expect(readFileSync(config(), 'utf8')).toBe(text);
      expect(readdirSync(at('.kube'))).toEqual(['config']);
    },
  );

  describe('a link', () => {
    it('stays a link; its target is written, and the copy is beside that', async () => {
      put(at('dotfiles/kube'), { clusters: [] });
      mkdirSync(at('.kube'));
      symlinkSync('../dotfiles/kube', config());
      const { backups } = await merge();
      expect(lstatSync(config()).isSymbolicLink()).toBe(true);
      expect(named(read(at('dotfiles/kube')).clusters)).toEqual(['prod']);
      expect(backups).toEqual([expect.stringContaining(at('dotfiles/kube.kboot-2026'))]);
      expect(readdirSync(at('.kube'))).toEqual(['config']);
    });

    it('through another one, to a file that does not exist yet', async () => {
      mkdirSync(at('.kube'));
      symlinkSync(at('second'), config());
      symlinkSync('deep/file', at('second'));
      await merge();
      expect([readlinkSync(config()), readlinkSync(at('second'))]).toEqual([at('second'), 'deep/file']);
      expect(statSync(at('deep/file')).mode & 0o777).toBe(0o600);
    });

    it('to itself is refused', async () => {
      mkdirSync(at('.kube'));
      symlinkSync('config', config());
      expect(await failure(merge())).toMatchObject({ code: 'E-STATE' });
    });
  });

  it('keeps the last five former files, for their owner only', async () => {
    for (const number of [1, 2, 3, 4, 5, 6, 7]) await merge({ server: `https://10.0.0.${number}:6443` });
    const kept = readdirSync(at('.kube')).filter((name) => name !== 'config');
    expect(kept).toHaveLength(5);
    for (const name of kept) expect(statSync(at('.kube', name)).mode & 0o777).toBe(0o600);
    expect(read(at('.kube', kept.at(-1) ?? '')).clusters[0]?.cluster['server']).toBe('https://10.0.0.6:6443');
  });
});

describe("entries of another cluster under this cluster's names", () => {
  it('are not replaced: all of them are named, with the file', async () => {
    await merge({ of: other });
    const before = readFileSync(config(), 'utf8');
    const error = await failure(merge());
    expect(error).toMatchObject({ code: 'E-USAGE', exit: 3 });
    expect(error.message).toContain(
      `cluster prod in ${config()}: its server is https://10.0.0.100:8443, with another CA; user prod-admin in ${config()}: its certificate is of another CA`,
    );
    expect(error.context.remedy).toContain('--context prod-2, or replace them with --force');
    expect(readFileSync(config(), 'utf8')).toBe(before);
    expect(readdirSync(at('.kube'))).toEqual(['config']);
  });

  it('are replaced with --force, the whole of them, and kept beside it', async () => {
    await merge({ of: other });
    const seen = read();
    Object.assign(seen.clusters[0]?.cluster ?? {}, { 'proxy-url': 'http://evil' });
    put(config(), seen);
    const { backups } = await merge({ force: true });
    expect(backups).toHaveLength(1);
    expect(read().clusters[0]?.cluster['proxy-url']).toBeUndefined();
    expect(await merge()).toMatchObject({ files: [] });
  });

  it('do not meet those under another name', async () => {
    await merge({ of: other });
    await merge({ context: 'mine' });
    expect(named(read().contexts)).toEqual(['prod', 'mine']);
    expect(read().contexts[1]?.context).toMatchObject({ cluster: 'mine', user: 'mine-admin' });
    expect(read()['current-context']).toBe('mine');
  });

  it.each([
    ['clusters', { name: 'prod', cluster: { server: 'https://10.9.9.9:6443' } }],
    [
      'clusters',
      { name: 'prod', cluster: { server: 'https://10.0.0.100:8443', 'certificate-authority': 'gone' } },
    ],
    ['users', { name: 'prod-admin', user: { token: 'x' } }],
    ['users', { name: 'prod-admin', user: { exec: { command: 'aws' } } }],
    ['users', { name: 'prod-admin', user: { 'client-certificate': '/gone' } }],
  ])('are of another one: %s %j', async (list, entry) => {
    put(config(), { [list]: [entry] });
    expect(await failure(merge())).toMatchObject({ code: 'E-USAGE' });
  });

  it('a context of another cluster or user is one, unless those are gone', async () => {
    const context = (cluster: string, user: string): object => ({ name: 'prod', context: { cluster, user } });
    const entries = { clusters: [{ name: 'o', cluster: {} }], users: [{ name: 'u', user: {} }] };
    for (const each of [context('o', 'prod-admin'), context('prod', 'u')]) {
      put(config(), { ...entries, contexts: [each] });
      expect((await failure(merge())).message).toMatch(/^entries of these names[^]*context prod in/);
    }
    put(config(), { contexts: [context('o', 'u')] });
    expect(await merge()).toMatchObject({ files: [config()] });
  });

  it('are its own after its CAs were exchanged, or with the CA in a file, or by its server alone', async () => {
    await merge();
    const exchanged = { ...other, pki: { ...other.pki, clusterId: () => place.pki.clusterId() } };
    expect(await merge({ of: exchanged })).toMatchObject({ files: [config()] });
    const [own] = (parse(adminKubeconfig(place, { server: undefined, context: undefined })) as Kubeconfig)
      .clusters;
    const pem = Buffer.from(String(own?.cluster['certificate-authority-data']), 'base64');
    mkdirSync(at('.kube/pki'), { recursive: true });
    writeFileSync(at('.kube/pki/ca.crt'), pem);
    const inFile = { server: 'https://former:6443', 'certificate-authority': 'pki/ca.crt' };
    for (const cluster of [inFile, { server: 'https://10.0.0.100:8443' }]) {
      put(config(), { clusters: [{ name: 'prod', cluster }] });
      expect(await merge()).toMatchObject({ files: [config()] });
    }
  });
});

describe('KUBECONFIG', () => {
  it('with several files: an entry is changed where it is, new ones go into the first that exists', async () => {
    await merge({ server: 'https://10.0.0.1:6443' });
    const { clusters, users, contexts } = read();
    put(at('b'), { kind: 'Config', users: [{ name: 'me', user: {} }] });
    put(at('c'), { kind: 'Config', clusters });
    const untouched = '{"kind": "Config",   "users": []}';
    put(at('d'), untouched);
    const variable = [at('a'), '', at('b'), at('c'), at('b'), at('d')].join(':');
    const merged = await merge({}, variable);
    expect(merged.files).toEqual([at('b'), at('c')]);
    expect(existsSync(at('a'))).toBe(false);
    expect(named(read(at('b')).users)).toEqual(['me', 'prod-admin']);
    expect(read(at('b')).clusters).toBeUndefined();
    expect(read(at('b'))['current-context']).toBe('prod');
    expect(read(at('c')).clusters[0]?.cluster['server']).toBe('https://10.0.0.100:8443');
    expect(readFileSync(at('d'), 'utf8')).toBe(untouched);
    expect([users.length, contexts.length]).toEqual([1, 1]);
  });

  it('with files that do not exist: into the last one, as kubectl', async () => {
    expect((await merge({}, `${at('a')}:${at('b')}`)).files).toEqual([at('b')]);
  });

  it('that is empty is none', async () => {
    expect((await merge({}, '')).files).toEqual([config()]);
  });
});

describe('the lock of client-go', () => {
  it('is waited for, and a dead one is named', async () => {
    put(config(), {});
    writeFileSync(`${config()}.lock`, '', { mode: 0 });
    const merging = merge();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(read()).toEqual({});
    rmSync(`${config()}.lock`);
    expect(await merging).toMatchObject({ files: [config()] });
    writeFileSync(`${config()}.lock`, '', { mode: 0 });
    const error = await failure(withKubeconfigLocks([config()], () => Promise.resolve(), 100));
    expect(error).toMatchObject({ code: 'E-STATE' });
    expect(error.context.remedy).toContain(`remove ${config()}.lock`);
    expect(existsSync(`${config()}.lock`)).toBe(true);
  });

  it('loses no entry of many that merge at once', async () => {
    const contexts = Array.from({ length: 12 }, (_, index) => `c${index}`);
    await Promise.all(contexts.map((context) => merge({ context })));
    expect([...named(read().contexts)].sort()).toEqual([...contexts].sort());
    expect(readdirSync(at('.kube')).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
describe.skipIf(!hasKubectl)('kubectl', () => {
  const kubectl = (variable: string, ...args: string[]): string =>
    execFileSync('kubectl', ['config', ...args], {
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: variable, HOME: dir },
    }).trim();

  it('puts new entries into the same file, and reads what was merged', async () => {
    for (const existing of [[], ['a'], ['b'], ['a', 'b']]) {
      for (const name of ['a', 'b']) rmSync(at(name), { force: true });
      for (const name of existing) put(at(name), { kind: 'Config', apiVersion: 'v1' });
      const variable = `${at('a')}:${at('b')}`;
      const { fresh } = kubeconfigFiles(variable, dir);
      kubectl(variable, 'set-cluster', 'theirs', '--server=https://x');
      expect(named(read(fresh).clusters)).toEqual(['theirs']);
      await merge({}, variable);
      expect(kubectl(variable, 'current-context')).toBe('prod');
      expect(kubectl(variable, 'get-clusters').split('\n').sort()).toEqual(['NAME', 'prod', 'theirs']);
      expect(kubectl(variable, 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}')).toBe(
        'https://10.0.0.100:8443',
      );
    }
  });
});
