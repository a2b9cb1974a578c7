import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { desireCluster } from '../../src/desire/cluster.ts';
import { desireHost } from '../../src/desire/host.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { resourceId } from '../../src/resource/kinds.ts';
import { manifestPath } from '../../src/resource/static-pod.ts';
import type { Resource } from '../../src/resource/types.ts';
import { unissued } from '../samples/desire.ts';
import { optionsFor } from '../samples/inventory-options.ts';

/*
 * What every example inventory yields on fresh hosts, before anything is issued: a folder per host with its text
 * files, `resources.txt` with all that is done there in order, and `cluster` with the API's objects.
 * A change that is meant is taken over by `UPDATE_GOLDEN=1 npx vitest run --project unit test/golden`; the
 * difference belongs into the review.
 */
const here = dirname(fileURLToPath(import.meta.url));
const inventories = new URL('../../inventories/', import.meta.url);
const update = process.env['UPDATE_GOLDEN'] === '1';

describe('golden files', () => {
  it.each(readdirSync(inventories).filter((name) => name.endsWith('.yaml')))('%s', (name) => {
    const folder = join(here, name.replace(/\.yaml$/, ''));
    const actual = filesOf(name);
    if (update) {
      rmSync(folder, { recursive: true, force: true });
      for (const [path, text] of Object.entries(actual)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    }
    expect(actual, 'meant? UPDATE_GOLDEN=1 npx vitest run --project unit test/golden').toEqual(readTree(folder));
  });
});

/** Every text by its path below the inventory's folder. */
function filesOf(inventory: string): Record<string, string> {
  const text = readFileSync(new URL(inventory, inventories), 'utf8');
  const { cluster } = parseInventory(text, optionsFor(`/repo/inventories/${inventory}`));
  if (cluster === undefined) throw new Error(`${inventory} is not valid`);
  const desire = unissued(cluster);
  const files: Record<string, string> = {};
  for (const host of cluster.hosts) {
    const resources = desireHost(desire, host, assumedFacts);
    files[`${host.name}/resources.txt`] = resources.map((resource) => `${line(resource)}\n`).join('');
    for (const resource of resources) {
      if (resource.kind === 'file' && resource.content.kind === 'text')
        files[`${host.name}${resource.path}`] = resource.content.text;
      if (resource.kind === 'static-pod') files[`${host.name}${manifestPath(resource.name)}`] = resource.text;
    }
  }
  const { objects, lateObjects } = desireCluster(desire);
  for (const [index, object] of [...objects.map((each) => each.object), ...lateObjects].entries()) {
    const title = `${String(index).padStart(2, '0')}-${object.kind}-${object.metadata.name}`;
    files[`cluster/${title.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')}.yaml`] = stringify(object, {
      lineWidth: 0,
      compat: 'yaml-1.1',
      aliasDuplicateObjects: false,
    });
  }
  return files;
}

/** `runtime  archive containerd  containerd 2.1.9` */
function line(resource: Resource): string {
  const mode = 'mode' in resource ? ` ${resource.mode}` : '';
  const content =
    'content' in resource && resource.content.kind === 'secret' ? ` secret ${resource.content.name}` : '';
  const release = 'artifact' in resource && resource.artifact !== null ? ` ${resource.artifact.title}` : '';
  const readBy =
    'readBy' in resource && resource.readBy.length > 0 ? ` read by ${resource.readBy.join(', ')}` : '';
  const value = resource.kind === 'sysctl' ? ` ${resource.compare} ${resource.value}` : '';
  return `${resource.stage.padEnd(13)} ${resourceId(resource)}${mode}${content}${release}${value}${readBy}`;
}

function readTree(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
}
