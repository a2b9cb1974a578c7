import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { helmCrds, helmTemplate, type HelmTemplate } from '../../src/store/helm.ts';
import { hasHelm, unlessNoHelm } from './helm-here.ts';

const chart = resolve('test/samples/charts/shop');
const what: HelmTemplate = {
  ...{ title: 'add-on shop', chart, release: 'shop', namespace: 'shop', kubernetesVersion: 'v1.36.2' },
  ...{ apiVersions: [], valuesFiles: [], values: {} },
};
const failure = async (run: Promise<unknown>): Promise<unknown> => await run.catch((error: unknown) => error);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-helm-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A program named helm that prints a text, and none of the others but those of the system. */
const fakeHelm = (script: string): void => {
  writeFileSync(join(root, 'helm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${root}:/usr/bin:/bin`);
};

describe('helmTemplate', () => {
  it.runIf(hasHelm)(`takes values from files and, over them, the inventory's${unlessNoHelm}`, async () => {
    const file = join(root, 'values.yaml');
    writeFileSync(file, 'replicas: 2\nimage: registry.example.com/shop:1\n');
    const text = await helmTemplate({ ...what, valuesFiles: [file], values: { replicas: 3 } });
    expect(text).toContain('replicas: 3');
    expect(text).toContain('image: "registry.example.com/shop:1"');
  });

  it.runIf(hasHelm).each(['a,b.yaml', 'a "b".yaml', "it's.yaml", '--values.yaml', '$HOME.yaml'])(
    `reads values from %s, whatever helm makes of such a name${unlessNoHelm}`,
    async (name) => {
      const file = join(root, name);
      writeFileSync(file, 'replicas: 7\n');
      expect(await helmTemplate({ ...what, valuesFiles: [file] })).toContain('replicas: 7');
    },
  );

  it.runIf(hasHelm)(`has the Kubernetes version and the APIs that are stated${unlessNoHelm}`, async () => {
    const plain = await helmTemplate(what);
    expect(plain).toContain('example.com/kubernetes: v1.36.2');
    expect(plain).toContain('kind: CustomResourceDefinition');
    expect(plain).not.toContain('kind: Monitor');
    expect(await helmTemplate({ ...what, apiVersions: ['monitoring.example.com/v1'] })).toContain(
      'kind: Monitor',
    );
  });

  it.runIf(hasHelm)(`repeats what helm reports${unlessNoHelm}`, async () => {
    expect(await failure(helmTemplate({ ...what, kubernetesVersion: 'v1.29.0' }))).toMatchObject({
      ...{ code: 'E-ADDON', message: `add-on shop: helm could not render ${chart}` },
      context: { detail: expect.stringContaining('requires kubeVersion: >=1.30.0-0') as unknown },
    });
  });
});

describe('helmCrds', () => {
  it.runIf(hasHelm)(`has the CRDs of the chart${unlessNoHelm}`, async () => {
    expect(await helmCrds('add-on shop', chart)).toContain('name: widgets.example.com');
  });

  it('names the version that is needed when there is no helm', async () => {
    vi.stubEnv('PATH', root);
    expect(await failure(helmCrds('add-on shop', chart))).toMatchObject({
      ...{ code: 'E-ADDON', message: 'add-on shop is a chart, and helm is not installed' },
      context: { remedy: expect.stringContaining('Install helm 3.8.0 or newer') as unknown },
    });
  });

  it.each([
    ['v2.17.0+gabcdef', 'add-on shop needs helm 3.8.0 or newer; this is 2.17.0'],
    ['v3.7.2', 'add-on shop needs helm 3.8.0 or newer; this is 3.7.2'],
    ['', 'add-on shop: `helm version` does not say which version it has'],
  ])('refuses a helm that says it is %s', async (version, message) => {
    fakeHelm(`echo ${version}`);
    expect(await failure(helmCrds('add-on shop', chart))).toMatchObject({ code: 'E-ADDON', message });
  });

  it.each(['v3.8.0', 'v3.22', 'v4.0.1+g12'])('accepts %s', async (version) => {
    fakeHelm(`case $1 in version) echo ${version};; *) echo "kind: X";; esac`);
    expect(await helmCrds('add-on shop', chart)).toBe('kind: X\n');
  });

  it('starts it without a cluster, plugins and the passwords of kboot', async () => {
    vi.stubEnv('KBOOT_PASSPHRASE', 'secret');
    fakeHelm('case $1 in version) echo v3.8.0;; *) env;; esac');
    const text = await helmCrds('add-on shop', chart);
    expect(text).toContain('KUBECONFIG=/dev/null');
    expect(text).toContain('HELM_NO_PLUGINS=1');
    expect(text).not.toContain('KBOOT_');
  });
});
