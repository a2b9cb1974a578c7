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

const other = (name: string): string => `  ${places.registry.host}/k8s/${name}  SUM, but the catalog has SUM`;

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
      '--allow-unofficial',
    );
    expect(error).toBeUndefined();
    expect(out.replaceAll(/sha256:[0-9a-f]{12}/g, 'SUM').split('\n')).toEqual([
      'official: 6 files',
      'another origin: 7 images',
      ...['coredns:v1.14.2', 'etcd:3.6.8-0'].map(other),
      ...['apiserver', 'controller-manager', 'proxy', 'scheduler'].map((name) =>
        other(`kube-${name}:v1.36.2`),
      ),
      other('pause:3.10.2'),
      'unknown: 2 images',
      `  ${places.registry.host}/k8s/flannel-cni-plugin:v1.9.1-flannel3  SUM`,
      `  ${places.registry.host}/k8s/flannel:v0.28.9  SUM`,
      `${at('bundle')}: bundle.json written for 15 files, 3 MB, 9 images, Kubernetes v1.36.2`,
      `Next: \`kboot up ${inventory} --bundle ${at('bundle')}\``,
      '',
    ]);
    expect(err).toMatch(
      /^warning: no digest is known of \S+flannel:v0.28.9, \S+; whatever the registry serves/m,
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
      ...['bundle', 'create', at('bundle'), '--arch', 'arm64', '--allow-unofficial'],
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
      '--allow-unofficial',
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
    expect(types(first.out)).toEqual(['fetching', 'fetched', 'bundle']);
    expect(first.err).toMatch(/^warning: no digest is known of .*\n$/);
    expect(types((await kboot(...line)).out)).toEqual(['fetching', 'present', 'bundle']);
    places.mirror.faults.set('/dl.k8s.io/release/v1.36.2/bin/linux/amd64/kubectl', 404);
    writeFileSync(at('bundle/bin/linux-amd64/kubectl'), 'rotten');
    const last = await kboot(...line);
    expect(types(last.out)).toContain('unfetched');
    expect(last.error).toMatchObject({ code: 'E-FETCH', exit: 4 });
  });

  it('fetches no image that no digest is known of, and says how to go on', async () => {
    const line = ['--mirror', places.mirror.origin, '--image-repository', `${places.registry.host}/k8s`];
    const create = ['bundle', 'create', at('bundle'), '--kubernetes-version', 'v1.36.2', ...line];
    const { error } = await kboot(...create);
    expect(error).toMatchObject({
      code: 'E-BUNDLE',
      exit: 3,
      message: expect.stringMatching(/^no digest is known of 5 images: \S+\/flannel:v0.28.9, /) as string,
      context: { remedy: expect.stringMatching(/`kboot lock INVENTORY`.*--allow-unofficial/) as string },
    });
    expect([places.mirror.asked, places.registry.asked]).toEqual([[], []]);
    vi.stubEnv('KBOOT_ALLOW_UNOFFICIAL', 'true');
    expect((await kboot(...create)).error).toBeUndefined();
    vi.stubEnv('KBOOT_ALLOW_UNOFFICIAL', 'perhaps');
    expect((await kboot(...create)).error).toMatchObject({ code: 'E-USAGE' });
  });

  it.each([
    [['create', '--mirror', 'ftp://x'], /^--mirror must be an http or https URL/],
    [['create', '--image-repository', 'https://x/k8s'], /^--image-repository must be a registry and path/],
    [['create', '--kubernetes-version', '1.36'], /^--kubernetes-version 1\.36: this kboot does not support/],
    [['create', '--inventory', 'x.yaml', '--kubernetes-version', 'v1.36.2'], /mutually exclusive/],
    [
      ['create', '--packages', 'debian-12,rhel-9'],
      /^--packages rhel-9: kboot brings packages of debian-12, .*, rocky-9, /,
    ],
    [
      ['create', '--packages', 'rocky-9', '--packages-key', '/nowhere'],
      /^--packages-key \/nowhere does not exist$/,
    ],
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
