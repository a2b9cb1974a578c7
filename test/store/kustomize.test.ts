import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildKustomization } from '../../src/store/kustomize.ts';

/** Whether this machine has a program that builds kustomizations. */
const has = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const builds = has('kustomize', 'version') || has('kubectl', 'kustomize', '--help');
const unlessSkipped = builds ? '' : ' [NOT RUN: neither kustomize nor kubectl is installed]';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-kustomize-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const put = (path: string, text: string): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
};
const failure = async (run: Promise<unknown>): Promise<unknown> => await run.catch((error: unknown) => error);

describe('buildKustomization', () => {
  it.runIf(builds)(`builds an overlay${unlessSkipped}`, async () => {
    put('base/kustomization.yaml', 'resources: [a.yaml]\n');
    put('base/a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
    put('prod/kustomization.yaml', 'resources: [../base]\nnamePrefix: prod-\n');
    expect(await buildKustomization(join(root, 'prod'))).toContain('name: prod-a');
  });

  it.runIf(builds)(`repeats what kustomize reports${unlessSkipped}`, async () => {
    put('kustomization.yaml', 'resources: [a.yaml]\n');
    put('a.yaml', 'kind: [\n');
    expect(await failure(buildKustomization(root))).toMatchObject({
      ...{ code: 'E-ADDON', message: `kustomize could not build ${root}` },
      context: { detail: expect.stringContaining('a.yaml') as unknown },
    });
  });

  it.each([
    'https://example.com/a.yaml',
    'github.com/owner/repo?ref=v1',
    'git@example.com:a/b',
    'missing.yaml',
  ])('fetches nothing: %s', async (entry) => {
    put('in/kustomization.yaml', JSON.stringify({ resources: [entry] }));
    put('kustomization.yaml', 'components: [in]\n');
    expect(await failure(buildKustomization(root))).toMatchObject({
      code: 'E-ADDON',
      message: `${join(root, 'in')}: its kustomization names ${entry}, which is not on this machine`,
    });
  });

  it('folders that lead to each other end', async () => {
    put('a/kustomization.yaml', 'resources: [../b]\n');
    put('b/kustomization.yaml', 'resources: [../a]\n');
    expect(await failure(buildKustomization(join(root, 'a')))).toMatchObject({ code: 'E-ADDON' });
  });

  it('names what is missing', async () => {
    put('kustomization.yaml', 'resources: []\n');
    vi.stubEnv('PATH', root);
    expect(await failure(buildKustomization(root))).toMatchObject({
      code: 'E-ADDON',
      message: `${root} has a kustomization, and neither kustomize nor kubectl is installed`,
    });
  });
});
