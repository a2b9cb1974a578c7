import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { images, metallbImages } from '../../src/catalog/images.ts';
import { knownVersions, release } from '../../src/catalog/release.ts';
import { registryLayout } from '../../src/desire/registry-layout.ts';
import { registrySettings } from '../../src/desire/registry-settings.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { inventoryWith, optionsFor } from '../samples/inventory-options.ts';

const newest = release(knownVersions()[0] ?? '');
const own = (repository: string): string[] => [
  ...Object.values(images(newest, repository)),
  ...Object.values(metallbImages(newest, repository)),
];
const whole = (host: string, ref: string, registry: string): string => {
  const place = registryLayout([...own('registry.k8s.io'), ref], registry).places.get(ref);
  return `${host}/${place?.repository ?? ''}:${place?.reference ?? ''}`;
};

describe('the place of an image in a registry', () => {
  it.each(['registry.example.com', 'registry.example.com:5000/a/b'])(
    'is, for those of kboot, where nodes look with imageRepository %s',
    (registry) => {
      for (const from of ['registry.k8s.io', 'mirror.example/k8s', registry]) {
        const { places, mirrors } = registryLayout(own(from), registry);
        const [host = ''] = registry.split('/');
        expect([...places.values()].map((at) => `${host}/${at.repository}:${at.reference}`).sort()).toEqual(
          own(registry).sort(),
        );
        expect(mirrors.size).toBe(0);
      }
    },
  );

  it('is below the name of its registry for all others, also with a port and a digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(whole('r.example', 'quay.io/a/b:1', 'r.example/k8s')).toBe('r.example/k8s/quay.io/a/b:1');
    expect(whole('r.example', 'docker.io/library/busybox:1.37', 'r.example')).toBe(
      'r.example/docker.io/library/busybox:1.37',
    );
    expect(whole('r.example', `x.example:5000/a/b@${digest}`, 'r.example')).toBe(
      `r.example/x.example_5000/a/b:${digest}`,
    );
    expect(whole('r.example', `x.example:5000/a/b:1@${digest}`, 'r.example')).toBe(
      `r.example/x.example_5000/a/b:${digest}`,
    );
    expect(whole('r.example', 'r.example/mine/app:2', 'r.example/k8s')).toBe('r.example/mine/app:2');
  });

  it('is one of its own for each image', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,3}$/);
    const ref = fc
      .tuple(
        fc.constantFrom('quay.io', 'docker.io', 'a.example', 'a.example:5000', 'registry.k8s.io'),
        fc.array(part, { minLength: 1, maxLength: 3 }),
        part,
      )
      .map(([host, path, tag]) => `${host}/${path.join('/')}:${tag}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(ref),
        fc.constantFrom('r.example', 'r.example/k8s', 'quay.io'),
        (refs, registry) => {
          const places = [...registryLayout(refs, registry).places.values()];
          expect(new Set(places.map((at) => `${at.repository}:${at.reference}`)).size).toBe(refs.length);
        },
      ),
    );
  });
});

describe('the settings of the inventory', () => {
  const refs = [...own('registry.k8s.io'), 'quay.io/a/b:1'];
  const access = { plainHttp: false, anyCertificate: false, caFile: undefined, login: undefined };
  it.each([
    [{}, undefined, { url: 'https://r.example:5000/v2/k8s/quay.io', overridePath: true }],
    [
      { caFile: './ca.crt', login: { username: 'robot', passwordFile: undefined } },
      {
        host: 'r.example:5000',
        caFile: './ca.crt',
        credentials: { username: 'robot', passwordEnv: 'KBOOT_REGISTRY_PASSWORD' },
      },
      {
        ...{ url: 'https://r.example:5000/v2/k8s/quay.io', overridePath: true, caFile: './ca.crt' },
        credentials: { username: 'robot', passwordEnv: 'KBOOT_REGISTRY_PASSWORD' },
      },
    ],
    [
      { plainHttp: true },
      { host: 'r.example:5000', mirrors: [{ url: 'http://r.example:5000' }] },
      { url: 'http://r.example:5000/v2/k8s/quay.io', overridePath: true },
    ],
    [
      { anyCertificate: true },
      { host: 'r.example:5000', mirrors: [{ url: 'https://r.example:5000', skipVerify: true }] },
      { url: 'https://r.example:5000/v2/k8s/quay.io', overridePath: true, skipVerify: true },
    ],
  ])('say how nodes reach it, with %j, and are valid', (given, registry, mirror) => {
    const settings = registrySettings(registryLayout(refs, 'r.example:5000/k8s'), 'r.example:5000/k8s', {
      ...access,
      ...given,
    });
    expect(settings).toEqual({
      imageRepository: 'r.example:5000/k8s',
      containerd: { registries: [...(registry ? [registry] : []), { host: 'quay.io', mirrors: [mirror] }] },
    });
    const text = inventoryWith([
      `imageRepository: ${settings.imageRepository ?? ''}`,
      `containerd: ${JSON.stringify(settings.containerd)}`,
    ]);
    expect(parse(text)).toBeTypeOf('object');
    const { diagnostics } = parseInventory(text, optionsFor('lab.yaml'));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('are none for images that have the names of the registry', () => {
    expect(registrySettings(registryLayout(['r.example/a:1'], 'r.example'), 'r.example', access)).toEqual({});
  });
});
