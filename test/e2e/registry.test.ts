import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artifacts } from '../../src/catalog/artifacts.ts';
import { release } from '../../src/catalog/release.ts';
import { lockText } from '../../src/catalog/release-lock.ts';
import { pathInBundle } from '../../src/desire/bundle-contents.ts';
import type { BundleIndex } from '../../src/store/bundle.ts';
import { compiledKboot, makeSite, stepLines } from '../lab/kboot.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { output } from '../lab/traces.ts';
import { hasClusterBundle, readiness, unlessSkipped, withKubectl, type ClusterSite } from './cluster.ts';

/*
 * A registry in the lab that `bundle push` has filled: a cluster without a bundle pulls every image from there, with the settings
 * that it printed. KBOOT_REGISTRY_PROGRAM, such as docker-registry of Debian, is used instead of a registry of the tests'.
 */

const name = 'cp-1';
const gateway = '10.77.63.1';
const registry = `${gateway}:5001/k8s`;
const version = 'v1.36.2';
const bundle = process.env['KBOOT_BUNDLE'] ?? '';
const program = process.env['KBOOT_REGISTRY_PROGRAM'] ?? '';

let lab: Lab;
let site: ClusterSite;
let folder: string;
const servers: ChildProcess[] = [];

interface PushedEvent {
  readonly type: string;
  readonly to?: string;
  readonly digest?: string;
  readonly spec?: { readonly imageRepository: string; readonly containerd: object };
  readonly [field: string]: unknown;
}

async function serve(argv: readonly string[]): Promise<void> {
  const [file = '', ...args] = lab.inside(argv);
  const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  await once(server.stdout, 'data');
}

async function startRegistry(): Promise<void> {
  const script = new URL('./registry.ts', import.meta.url).pathname;
  if (program === '') {
    await serve([process.execPath, '--import', 'tsx', script, gateway, '5001']);
    return;
  }
  const config = join(folder, 'registry.yml');
  const storage = { filesystem: { rootdirectory: join(folder, 'registry') } };
  writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: `${gateway}:5001` } }));
  await serve(['sh', '-c', 'exec "$0" serve "$1" 2>&1', program, config]);
}

async function push(): Promise<readonly PushedEvent[]> {
  const argv = [
    process.execPath,
    compiledKboot(),
    'bundle',
    'push',
    bundle,
    '--registry',
    registry,
    '--plain-http',
  ];
  const { exitCode, stdout, stderr } = await lab.exec([...argv, '-o', 'json']);
  expect(exitCode, stderr + stdout).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PushedEvent);
}

describe.skipIf(!hasClusterBundle)(`a registry that was filled from a bundle${unlessSkipped}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kboot-registry-'));
    mkdirSync(join(folder, 'registry'));
    lab = await createLab({ name: 'registry', hosts: [{ name, address: '10.77.63.11' }] });
    const own = release(version);
    const amd64 = artifacts(own, 'amd64');
    const files = amd64.map((each) => [each.mirrorPath, join(bundle, pathInBundle(each))]);
    writeFileSync(join(folder, 'files.json'), JSON.stringify(Object.fromEntries(files)));
    writeFileSync(join(folder, 'tags.json'), '{}');
    const mirror = new URL('./mirror.ts', import.meta.url).pathname;
    await serve([process.execPath, '--import', 'tsx', mirror, gateway, '5000', folder]);
    await startRegistry();
    const events = await push();
    const spec = events.at(-1)?.spec;
    site = withKubectl(
      await makeSite(
        lab,
        'registry',
        [{ name, roles: ['control-plane', 'worker'], address: '10.77.63.11' }],
        {},
        {
          artifacts: { mirror: `http://${gateway}:5000` },
          imageRepository: spec?.imageRepository,
          containerd: {
            config: { plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } } },
            ...spec?.containerd,
          },
          kubeProxy: { config: { conntrack: { maxPerCore: 0 } } },
        },
      ),
    );
    // The bundle may have builds of its own.
    const held = new Map(
      (JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as BundleIndex).files.map((file) => [
        file.path,
        file.sha256,
      ]),
    );
    const sums = Object.fromEntries(amd64.map((each) => [each.name, held.get(pathInBundle(each))]));
    const locked = Object.fromEntries(
      events.flatMap(({ type, to, digest }) => (type === 'pushed' && to && digest ? [[to, { digest }]] : [])),
    );
    const lock = { ...own, files: { ...own.files, amd64: sums as typeof own.files.amd64 }, locked };
    writeFileSync(join(site.dir, 'kboot.lock.yaml'), lockText([lock]));
  });

  afterAll(async () => {
    for (const server of servers) server.kill();
    await site.close();
    rmSync(folder, { recursive: true });
  });

  test('has every image after the first push, and the second sends nothing', async () => {
    const events = await push();
    expect(events.at(-1)).toMatchObject({ type: 'bundle-pushed', pushed: 0, sent: 0, unpinned: [] });
  });

  test('is where a cluster without a bundle gets all images from', async () => {
    const result = await site.kboot('up', ['--yes', '-o', 'json'], { env: { KBOOT_BUNDLE: '' } });
    expect(result, `${result.stderr}${result.stdout.slice(-3000)}`).toMatchObject({ exitCode: 0 });
    expect(await readiness(site, ['nodes'])).toEqual([`${name} Ready`]);
    const refs = (
      await output(lab, name, 'ctr -n k8s.io images list -q | grep -v ^sha256: | grep -v @')
    ).split('\n');
    expect(refs.filter((ref) => !ref.startsWith(`${registry}/`))).toEqual([]);
    expect(refs.map((ref) => ref.replace(/^.*\/|:.*$/g, ''))).toEqual(
      expect.arrayContaining(['coredns', 'flannel', 'kube-apiserver', 'kube-proxy', 'pause']),
    );
    expect(stepLines(await site.kboot('up', ['--yes', '-o', 'json'], { env: { KBOOT_BUNDLE: '' } }))).toEqual(
      [],
    );
  });
});
