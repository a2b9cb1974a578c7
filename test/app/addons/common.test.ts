import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { readLocalSources } from '../../../src/app/addons/read.ts';
import { renderAddons } from '../../../src/app/addons/render.ts';
import { addonImages } from '../../../src/desire/addon-images.ts';
import { desireAddons } from '../../../src/desire/addons.ts';
import { parseInventory } from '../../../src/inventory/parse.ts';
import { optionsFor } from '../../samples/inventory-options.ts';

const folder = resolve('inventories/addons');
const file = join(folder, 'common.yaml');
const { cluster, diagnostics } = parseInventory(readFileSync(file, 'utf8'), optionsFor(file));
const addons = cluster?.addons ?? [];

it('the common add-ons are valid, each in a file of its name, and each object has one owner', async () => {
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { sources, problems } = readLocalSources(addons);
  expect(problems).toEqual([]);
  expect(addons.map(({ name, manifests }) => [name, manifests])).toEqual(
    addons.map(({ name }) => [name, [{ path: join(folder, `${name}.yaml`) }]]),
  );
  const { rendered, notes } = await renderAddons(addons, sources, { kubernetesVersion: 'v1.36.2' });
  expect(notes).toEqual([]);
  expect(desireAddons(addons, rendered).every(({ objects }) => objects.length > 0)).toBe(true);
  // Bundles and locks need a version of each; a tag such as latest is none.
  for (const image of addonImages(addons, rendered)) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
});

it('their page has a row for each', () => {
  const rows = readFileSync('docs/common-addons.md', 'utf8').matchAll(/^\| ([a-z][a-z-]*) +\|/gm);
  const names = [...rows].map(([, name]) => name).filter((name) => name !== 'add-on');
  expect(names).toEqual(addons.map(({ name }) => name));
  const others = ['common.yaml', 'greeter', 'rights.yaml'];
  expect(names.map((name) => `${name ?? ''}.yaml`).sort()).toEqual(
    readdirSync(folder).filter((name) => !others.includes(name)),
  );
});
