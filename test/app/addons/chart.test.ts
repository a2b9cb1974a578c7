import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLocalSources } from '../../../src/app/addons/read.ts';
import { renderAddons } from '../../../src/app/addons/render.ts';
import { chartInBundle } from '../../../src/desire/bundle-contents.ts';
import { objectTitle, type KubeObject } from '../../../src/kube/types.ts';
import type { Addon, Chart } from '../../../src/model/addon.ts';
import { sha256 } from '../../../src/model/digest.ts';
import type { Bundle } from '../../../src/store/bundle.ts';
import { addonOf, chartOf, objectOf } from '../../samples/addons.ts';
import { hasHelm, unlessNoHelm } from '../../store/helm-here.ts';

const shop = resolve('test/samples/charts/shop');

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-chart-'));
  vi.stubEnv('XDG_CACHE_HOME', root);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const withChart = (name: string, chart: Partial<Chart>, more: Partial<Addon> = {}): Addon =>
  addonOf(name, { chart: chartOf(shop, { release: name, ...chart }), ...more });

interface Seen {
  readonly objects: Readonly<Record<string, readonly string[]>>;
  readonly notes: readonly string[];
}
async function render(addons: readonly Addon[], bundle?: Pick<Bundle, 'directory' | 'files'>): Promise<Seen> {
  const { rendered, notes } = await renderAddons(addons, readLocalSources(addons).sources, {
    kubernetesVersion: 'v1.36.2',
    bundle,
  });
  const titles = (objects: readonly KubeObject[]): string[] => objects.map(objectTitle).sort();
  return { objects: Object.fromEntries([...rendered].map(([name, all]) => [name, titles(all)])), notes };
}

describe.runIf(hasHelm)(`an add-on with a chart${unlessNoHelm}`, () => {
  it('has its CRDs, and objects of kinds that these let the API serve; hooks are named', async () => {
    expect(await render([withChart('a', {}, { namespace: 'shop' })])).toEqual({
      objects: {
        a: ['CustomResourceDefinition widgets.example.com', 'Deployment shop/a', 'Secret a', 'Widget a'],
      },
      notes: [
        'add-on a: hooks of its chart are not run: Job a-pre-install (pre-install, pre-upgrade), Job a-post-install (post-install), Job a-pre-delete (pre-delete); chart.hooks: true applies those for installation and upgrade',
      ],
    });
  });

  it('has its hooks for installation if the inventory says so, and never its tests', async () => {
    const { objects, notes } = await render([withChart('a', { hooks: true })]);
    expect(objects['a']?.filter((title) => title.startsWith('Job'))).toEqual([
      'Job a-post-install',
      'Job a-pre-install',
    ]);
    expect(notes).toEqual(['add-on a: hooks of its chart are not run: Job a-pre-delete (pre-delete)']);
  });

  it('finds the CRDs of add-ons that it waits for, and APIs that the inventory names', async () => {
    const monitors = objectOf(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'monitors.monitoring.example.com',
      {
        spec: {
          group: 'monitoring.example.com',
          names: { kind: 'Monitor' },
          versions: [{ name: 'v1', served: true }],
        },
      },
    );
    const crds = addonOf('crds', { manifests: [{ path: '/crds' }] });
    const sources = new Map([['/crds', { objects: [monitors] }]]);
    const kinds = async (addons: readonly Addon[]): Promise<unknown> =>
      (await renderAddons(addons, sources, { kubernetesVersion: 'v1.36.2' })).rendered
        .get('a')
        ?.some(({ kind }) => kind === 'Monitor');
    const between = addonOf('between', { after: ['crds'] });
    expect(await kinds([withChart('a', {}), crds])).toBe(false);
    expect(await kinds([withChart('a', {}, { after: ['between'] }), between, crds])).toBe(true);
    expect(await kinds([withChart('a', { apiVersions: ['monitoring.example.com/v1'] })])).toBe(true);
  });

  it('names what has other values each time', async () => {
    expect((await render([withChart('a', { values: { random: true } })])).notes.slice(1)).toEqual([
      'add-on a: its chart renders other values each time: Secret a (stringData.password). Every plan changes them, and a saved plan is stale. Set them in chart.values, or have the chart use a Secret that exists',
    ]);
  });

  it('comes as an archive from the bundle', async () => {
    const archive = join(root, 'shop.tgz');
    expect(spawnSync('tar', ['-czf', archive, '-C', dirname(shop), 'shop']).status).toBe(0);
    const sum = sha256(readFileSync(archive));
    const path = chartInBundle(sum);
    mkdirSync(join(root, 'charts'));
    cpSync(archive, join(root, path));
    const bundle = { directory: root, files: [{ path, size: 0, sha256: sum, arch: 'any' }] };
    // Port 1 refuses connections.
    const source = { oci: '127.0.0.1:1/shop', version: '1.2.3', sha256: sum };
    expect((await render([withChart('a', { source })], bundle)).objects['a']).toHaveLength(4);
    await expect(render([withChart('a', { source })])).rejects.toMatchObject({ code: 'E-FETCH' });
    expect((await render([withChart('a', { source: { path: archive } })])).objects['a']).toHaveLength(4);
  });
});

describe('files of a chart', () => {
  const problems = (chart: Partial<Chart>): readonly unknown[] =>
    readLocalSources([withChart('a', chart)]).problems.map(({ path, message }) => [
      path.slice(3).join('.'),
      message,
    ]);

  it('are looked at without helm', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ source: { path: root }, valuesFiles: [join(root, 'none.yaml')] })).toEqual([
      ['chart.path', 'has no Chart.yaml'],
      ['chart.valuesFiles.0', 'does not exist'],
    ]);
    expect(problems({ source: { path: join(shop, 'values.yaml') } })).toEqual([
      ['chart.path', 'is not an archive of a chart (.tgz)'],
    ]);
  });

  it('may not lead out of its folder', () => {
    cpSync(shop, join(root, 'shop'), { recursive: true });
    symlinkSync('/etc/passwd', join(root, 'shop/secrets.txt'));
    expect(problems({ source: { path: join(root, 'shop') } })).toEqual([
      ['chart.path', 'has the link secrets.txt, which leads out of it'],
    ]);
  });
});
