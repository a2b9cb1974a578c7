import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLocalSources } from '../../../src/app/addons/read.ts';
import { renderAddons } from '../../../src/app/addons/render.ts';
import { manifestInBundle } from '../../../src/desire/bundle-contents.ts';
import type { RenderedAddons } from '../../../src/kube/addons.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { addonOf } from '../../samples/addons.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kboot-addons-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;
const put = (path: string, text: string): string => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
  return join(root, path);
};
const places = { kubernetesVersion: 'v1.36.2' };
const names = (rendered: RenderedAddons): unknown =>
  Object.fromEntries(
    [...rendered].map(([name, objects]) => [name, objects.map(({ metadata }) => metadata.name)]),
  );

describe('renderAddons', () => {
  it('joins the objects of all manifests of an add-on', async () => {
    put('in/b.yaml', configMap('b'));
    const addons = [
      addonOf('one', { manifests: [{ path: put('a.yaml', configMap('a')) }, { path: join(root, 'in') }] }),
      addonOf('two', { manifests: [] }),
    ];
    const { sources, problems } = readLocalSources(addons);
    expect(problems).toEqual([]);
    expect(names((await renderAddons(addons, sources, places)).rendered)).toEqual({
      one: ['a', 'b'],
      two: [],
    });
  });

  it('refuses an add-on without objects: a file that was cut off must not remove what runs', async () => {
    const empty = put('empty.yaml', '# nothing\n---\n');
    put('folder/a.yaml', '');
    const addons = [
      addonOf('one', { manifests: [{ path: empty }] }),
      addonOf('two', { manifests: [{ path: join(root, 'folder') }] }),
    ];
    const { problems } = readLocalSources(addons);
    expect(problems.map(({ message }) => message)).toEqual(['has no object', 'has no object']);
    const sources = new Map([[empty, { objects: [] }]]);
    await expect(renderAddons(addons.slice(0, 1), sources, places)).rejects.toMatchObject({
      code: 'E-ADDON',
      message: 'add-on one has no objects',
    });
  });

  it('names the file and the document of each problem, and shows nothing of it', () => {
    put('in/a.yaml', `${configMap('a')}---\nkind: Secret\nstringData: { password: hunter2 }\n`);
    const addons = [
      addonOf('one', { manifests: [{ path: join(root, 'in') }, { path: '/nowhere' }] }),
      addonOf('two', { manifests: [{ path: put('b.yaml', '- x') }] }),
    ];
    const { problems } = readLocalSources(addons);
    expect(problems.map(({ path, message }) => [path.join('.'), message])).toEqual([
      [
        'spec.addons.0.manifests.0.path',
        'has a.yaml, whose document 2 has no apiVersion such as v1 or apps/v1',
      ],
      ['spec.addons.0.manifests.1.path', 'does not exist'],
      ['spec.addons.1.manifests.0.path', 'document 1 is not an object of the API'],
    ]);
  });

  it('takes what a URL serves from the bundle', async () => {
    const text = configMap('held');
    const sum = sha256(text);
    put(manifestInBundle(sum), text);
    const bundle = {
      directory: root,
      files: [{ path: manifestInBundle(sum), size: text.length, sha256: sum, arch: 'amd64' }],
    };
    // Port 1 refuses connections.
    const addons = [addonOf('one', { manifests: [{ url: 'http://127.0.0.1:1/a.yaml', sha256: sum }] })];
    expect(names((await renderAddons(addons, new Map(), { ...places, bundle })).rendered)).toEqual({
      one: ['held'],
    });
    await expect(renderAddons(addons, new Map(), places)).rejects.toMatchObject({ code: 'E-FETCH' });
  });

  it('refuses more objects than an add-on may have', async () => {
    const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const text = JSON.stringify({ kind: 'List', items: Array(5001).fill(item) });
    const addons = [addonOf('one', { manifests: [{ path: put('a.json', text) }] })];
    await expect(renderAddons(addons, readLocalSources(addons).sources, places)).rejects.toMatchObject({
      ...{ code: 'E-ADDON', message: 'add-on one has 5001 objects; the maximum is 5000' },
    });
  });
});
