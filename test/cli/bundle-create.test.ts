import { writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { freshPlaces } from '../fetch/places.ts';
import { inventoryWith } from '../samples/inventory-options.ts';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

vi.mock(import('../../src/catalog/artifacts.ts'), async (original) =>
  (await import('../fetch/places.ts')).asMirrored(await original()),
);

const at = freshFolder();
const places = freshPlaces();

describe('kboot bundle create', () => {
  it('fetches what an inventory needs from the hosts that it names, and the bundle fits it', async () => {
    const inventory = at('lab.yaml');
    const spec = [
      `imageRepository: ${places.registry.host}/k8s`,
      `artifacts: {mirror: "${places.mirror.origin}"}`,
    ];
    writeFileSync(inventory, inventoryWith(spec));
    const { out, err, error } = await kboot(
      'bundle',
      'create',
      at('bundle'),
      '--inventory',
      inventory,
      '--verbose',
    );
    expect(error).toBeUndefined();
    expect(out).toBe(
      `${at('bundle')}: bundle.json written for 15 files, 3 MB, 9 images, Kubernetes v1.36.2\n` +
        `Next: \`kboot up ${inventory} --bundle ${at('bundle')}\`\n`,
    );
    expect(err).toMatch(/^ +\d+\.\d s {2}bin\/linux-amd64\/kubelet {2}0\.1 MB$/m);
    expect(err).toContain(
      ` s  GET ${places.mirror.origin}/dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubelet 200\n`,
    );
    const plan = ['plan', inventory, '--offline', '--bundle', at('bundle')];
    expect((await kboot(...plan)).error).toBeUndefined();
  });

  it('fetches the newest release without an inventory, and shows the fields that the inventory must set', async () => {
    const { out } = await kboot(
      ...['bundle', 'create', at('bundle'), '--arch', 'arm64'],
      ...['--mirror', places.mirror.origin, '--image-repository', `${places.registry.host}/k8s`],
    );
    expect(out).toMatch(
      new RegExp(
        `with kubernetesVersion: v[\\d.]+ and imageRepository: ${places.registry.host}/k8s in the inventory\n$`,
      ),
    );
  });

  it('reports every file with JSON output', async () => {
    const line = [
      ...['bundle', 'create', at('bundle'), '-o', 'json', '--kubernetes-version', 'v1.36.2'],
      ...['--mirror', places.mirror.origin, '--image-repository', `${places.registry.host}/k8s`],
    ];
    const types = (text: string): string[] => [
      ...new Set(
        text
          .trim()
          .split('\n')
          .map((each) => (JSON.parse(each) as { type: string }).type),
      ),
    ];
    const first = await kboot(...line);
    expect([types(first.out), first.err]).toEqual([['fetching', 'fetched', 'bundle'], '']);
    expect(types((await kboot(...line)).out)).toEqual(['fetching', 'present', 'bundle']);
    places.mirror.faults.set('/dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubectl', 404);
    writeFileSync(at('bundle/bin/linux-amd64/kubectl'), 'rotten');
    const last = await kboot(...line);
    expect(types(last.out)).toContain('unfetched');
    expect(last.error).toMatchObject({ code: 'E-FETCH', exit: 4 });
  });

  it.each([
    [['create', '--mirror', 'ftp://x'], /^--mirror must be an http or https URL/],
    [['create', '--image-repository', 'https://x/k8s'], /^--image-repository must be a registry and path/],
    [['create', '--kubernetes-version', '1.36'], /^--kubernetes-version 1\.36: this kboot does not support/],
    [['create', '--inventory', 'x.yaml', '--kubernetes-version', 'v1.36.2'], /mutually exclusive/],
    [['create', '--arch', 'riscv64'], /riscv64/],
    [
      ['verify', '--mirror', 'https://x', '--arch', 'arm64'],
      /^`kboot bundle verify` does not take --mirror, --arch$/,
    ],
    [['index', '--inventory', 'x.yaml'], /does not take --inventory$/],
  ])('refuses %j before it contacts any host', async ([action = '', ...flags], message) => {
    const { error } = await kboot('bundle', action, at('bundle'), ...flags);
    expect((error as Error).message).toMatch(message);
    expect(places.mirror.asked).toEqual([]);
  });
});
