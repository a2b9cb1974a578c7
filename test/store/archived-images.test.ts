import { spawnSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { sha256 } from '../../src/model/digest.ts';
import { archivedImages } from '../../src/store/archived-images.ts';
import { freshFolder } from '../cli/folder.ts';
import { blob, layout, ociIndex, ref, writeTar, type Member } from './image-tar.ts';

const at = freshFolder();
const path = (): string => at('image.tar');
const read = async (members: readonly Member[]): ReturnType<typeof archivedImages> => {
  await writeTar(path(), members);
  return await archivedImages(path(), 'amd64');
};
/** What is wrong with an archive; empty: nothing. */
const said = async (members: readonly Member[]): Promise<string> => {
  try {
    await read(members);
    return '';
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    expect([error.code, error.context.remedy]).toEqual(['E-BUNDLE', expect.any(String)]);
    return error.message;
  }
};
const own = layout();
const pause = 'registry.k8s.io/pause:3.10.2';
const other = layout({ name: pause });
const indexed = (top: object, rest: readonly Member[] = own.members.slice(2)): readonly Member[] => [
  ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
  ['index.json', JSON.stringify(top)],
  ...rest,
];
const named = (entry: object, annotations: Record<string, string>): object => ({ ...entry, annotations });
const layer = 'layer bytes';
const config = JSON.stringify({
  os: 'linux',
  architecture: 'amd64',
  rootfs: { diff_ids: [`sha256:${sha256(layer)}`] },
});
const docker = (manifest: object, more: readonly Member[] = []): readonly Member[] => [
  [`${sha256(config)}.json`, config],
  ['a/layer.tar', layer],
  ...more,
  [
    'manifest.json',
    JSON.stringify([{ Config: `${sha256(config)}.json`, Layers: ['a/layer.tar'], ...manifest }]),
  ],
];

describe('an image archive', () => {
  it('of an OCI layout has references with their digests, and that of the index that names the image', async () => {
    expect(await read(own.members)).toEqual([{ ref, digest: own.manifest[0].digest }]);
    const platform = { os: 'linux', architecture: 'amd64' };
    const above = blob(JSON.stringify({ manifests: [{ ...own.manifest[0], platform }] }), ociIndex);
    expect(await read([...own.members, above[1]])).toEqual([
      { ref, digest: own.manifest[0].digest, index: above[0].digest },
    ]);
    const nested = indexed({ manifests: [named(above[0], { 'io.containerd.image.name': ref })] }, [
      ...own.members.slice(2),
      above[1],
    ]);
    expect(await read(nested)).toEqual([{ ref, digest: above[0].digest }]);
  });

  it('is no proof for an index that has the image for another platform', async () => {
    const platform = { os: 'linux', architecture: 'arm64' };
    const above = blob(JSON.stringify({ manifests: [{ ...own.manifest[0], platform }] }), ociIndex);
    expect(await read([...own.members, above[1]])).toEqual([{ ref, digest: own.manifest[0].digest }]);
  });

  it('of docker save has references without digests, and links between its layers', async () => {
    expect(await read(docker({ RepoTags: [ref, 'short:1'] }))).toEqual([{ ref }, { ref: 'short:1' }]);
    const [one, two] = [`${'a'.repeat(64)}/layer.tar`, `${'b'.repeat(64)}/layer.tar`];
    const linked: readonly Member[] = [
      [one, layer],
      [two, '', { type: 'symlink', linkname: `../${one}` }],
    ];
    expect(await read(docker({ RepoTags: [ref], Layers: [two] }, linked))).toEqual([{ ref }]);
  });

  it('written by GNU tar, with folders and ./, is read', async () => {
    await writeTar(path(), own.members);
    const tar = (...words: readonly string[]): unknown => spawnSync('tar', words, { encoding: 'utf8' });
    tar('-C', at('.'), '--one-top-level=unpacked', '-xf', path());
    tar('-C', at('unpacked'), '-cf', path(), '.');
    expect(await archivedImages(path(), 'amd64')).toEqual([{ ref, digest: own.manifest[0].digest }]);
  });
});

/** Archives that an attacker, or an accident, made, with what kboot says of each. */
const attacks: readonly (readonly [string, readonly Member[], RegExp])[] = [
  [
    'a layer of another content',
    own.members.map((each): Member =>
      each === own.layer[1] ? [each[0], 'x'.repeat(own.layer[0].size)] : each,
    ),
    /has blobs\S+, whose SHA-256 is /,
  ],
  [
    'a configuration of another content',
    own.members.map((each): Member => (each === own.config[1] ? [each[0], '{}'] : each)),
    /whose SHA-256 is /,
  ],
  [
    'a manifest of another content',
    own.members.map((each): Member => (each === own.manifest[1] ? [each[0], other.manifest[1][1]] : each)),
    /whose SHA-256 is /,
  ],
  ['a lack of a layer', own.members.slice(0, -1), /lacks blobs\/sha256\//],
  [
    'a lie about a size',
    indexed({ manifests: [{ ...own.top.manifests[0], size: 7 }] }),
    /which should have 7/,
  ],
  [
    'an image for another architecture',
    layout({ arch: 'arm64' }).members,
    /an image for linux\/arm64, not for linux\/amd64/,
  ],
  ['an image for another system', layout({ os: 'windows' }).members, /an image for windows\/amd64/],
  [
    'a further name in manifest.json',
    [
      ...own.members,
      ['manifest.json', JSON.stringify([{ Config: 'x', RepoTags: [ref, pause], Layers: [] }])],
    ],
    /has "registry.k8s.io\/pause:3.10.2" in its manifest.json, but not in its index.json/,
  ],
  [
    'one name for two images',
    indexed(
      {
        manifests: [
          own.top.manifests[0],
          { ...other.top.manifests[0], annotations: { 'io.containerd.image.name': ref } },
        ],
      },
      [...own.members.slice(2), ...other.members.slice(2)],
    ),
    /has two images as registry/,
  ],
  [
    'a field in another case, which Go reads',
    indexed({ manifests: own.top.manifests, Manifests: other.top.manifests }),
    /has "Manifests" twice in one object/,
  ],
  [
    'a field in another case alone',
    indexed({ manifests: [{ ...own.manifest[0], Annotations: { 'io.containerd.image.name': pause } }] }),
    /has "Annotations" where it should have "annotations"/,
  ],
  [
    'a field with a letter that folds',
    indexed({ manifests: own.top.manifests, manifeſts: [] }),
    /has "manifeſts" twice/,
  ],
  [
    'the same field twice',
    [
      ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
      ['index.json', `{"manifests":[],"manifests":${JSON.stringify(own.top.manifests)}}`],
    ],
    /has "manifests" twice/,
  ],
  [
    'an index that is an image too',
    indexed({ ...own.top, config: own.config[0], layers: [] }),
    /an index and an image at the same time/,
  ],
  [
    'a manifest of another type than stated',
    indexed({
      manifests: [
        { ...own.top.manifests[0], mediaType: 'application/vnd.docker.distribution.manifest.v2+json' },
      ],
    }),
    /is served as .*docker.*, but says that it is .*oci/,
  ],
  [
    'something else than an image',
    indexed({
      manifests: [{ ...own.top.manifests[0], mediaType: 'application/vnd.cncf.helm.config.v1+json' }],
    }),
    /of the type "application\/vnd.cncf/,
  ],
  ["Docker's first format", indexed({ schemaVersion: 1, fsLayers: [] }), /first format \(schema 1\)/],
  [
    'layers that are fetched from elsewhere',
    layout({
      more: {
        layers: [
          {
            ...own.layer[0],
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            urls: ['https://evil.example'],
          },
        ],
      },
    }).members,
    /layers.0.mediaType/,
  ],
  [
    'a layer of a million gigabytes',
    layout({ more: { layers: [{ ...own.layer[0], size: 2 ** 50 }] } }).members,
    /layers.0.size/,
  ],
  [
    'thousands of layers',
    layout({ more: { layers: Array.from({ length: 5000 }, () => own.layer[0]) } }).members,
    /layers/,
  ],
  ['a member twice', [...own.members, ['index.json', JSON.stringify(other.top)]], /has "index.json" twice/],
  ['a member twice, by another path', [...own.members, ['./index.json', JSON.stringify(other.top)]], /twice/],
  ['a path to elsewhere', [...own.members, ['../../etc/cron.d/x', '']], /leads out of it/],
  ['a path that comes back', [...own.members, ['a/../index.json', '']], /leads out of it/],
  ['an absolute path', [...own.members, ['/etc/cron.d/x', '']], /leads out of it/],
  [
    'a name with a control character',
    [...own.members, ['a\u001b]52;c;x\u0007', '']],
    /leads out of it, "a\\u001b/,
  ],
  [
    'a symbolic link',
    [...own.members.slice(0, 1), ['index.json', '', { type: 'symlink', linkname: '/etc/shadow' }]],
    /is a link to "\/etc\/shadow"/,
  ],
  ['a hard link', [...own.members, ['x', '', { type: 'link', linkname: 'index.json' }]], /which is a link/],
  ['a device', [...own.members, ['x', '', { type: 'character-device' }]], /which is a character-device/],
  [
    'a file that only some read as sparse',
    [
      ...own.members,
      ['x', JSON.stringify(other.top), { pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'index.json' } }],
    ],
    /has a sparse file/,
  ],
  [
    'thousands of members',
    [...own.members, ...Array.from({ length: 5000 }, (_, index): Member => [`f${index}`, ''])],
    /more than 4096 members/,
  ],
  [
    'a huge index',
    [
      ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
      ['index.json', `{"x":"${'x'.repeat(2 << 20)}"}`],
    ],
    /index.json that is too large/,
  ],
  ['no version of the layout', indexed(own.top).slice(1), /has no oci-layout/],
  ['a name that is no reference', layout({ name: 'a b; rm -rf /' }).members, /which is no reference/],
  ['no image at all', [['readme', 'x']], /neither index.json nor manifest.json/],
  ['a configuration that is not there', docker({ RepoTags: [ref], Config: 'gone.json' }), /lacks gone.json/],
  [
    'a layer that is not there',
    docker({ RepoTags: [ref], Layers: ['gone/layer.tar'] }),
    /lacks the layer gone/,
  ],
  [
    'a layer that the configuration does not have',
    docker({ RepoTags: [ref], Layers: ['b/layer.tar'] }, [['b/layer.tar', 'other']]),
    /is not in the configuration of its image/,
  ],
  [
    'a configuration whose name is another sum',
    docker({ RepoTags: [ref], Config: `${'0'.repeat(64)}.json` }, [[`${'0'.repeat(64)}.json`, config]]),
    /whose SHA-256 is/,
  ],
  [
    'a list of names in another case',
    docker({ repoTags: [pause], RepoTags: [ref] }),
    /has "RepoTags" twice|has "repoTags"/,
  ],
];

describe('an archive is refused that has', () => {
  it.each(attacks)('%s', async (_, members, message) => {
    expect(await said(members)).toMatch(message);
  });

  it('been cut off, or been compressed', async () => {
    await writeTar(path(), own.members);
    const whole = readFileSync(path());
    for (const length of [whole.length - 1600, 3000, 700]) {
      writeFileSync(path(), whole);
      truncateSync(path(), length);
      await expect(archivedImages(path(), 'amd64')).rejects.toMatchObject({ code: 'E-BUNDLE' });
    }
    spawnSync('gzip', ['-f', path()]);
    await expect(archivedImages(`${path()}.gz`, 'amd64')).rejects.toMatchObject({ code: 'E-BUNDLE' });
  });
});

/** Names that containerd would give, as its import reads an OCI layout. */
const claims: readonly (readonly [string, Record<string, string>])[] = [
  ['in its own annotation', { 'io.containerd.image.name': pause }],
  ['as name in the layout', { 'org.opencontainers.image.ref.name': pause }],
];
it.each(claims)('a further image, named %s, is not overlooked', async (_, annotations) => {
  const members = indexed({ manifests: [...own.top.manifests, named(other.manifest[0], annotations)] }, [
    ...own.members.slice(2),
    ...other.members.slice(2),
  ]);
  expect((await read(members)).map((image) => image.ref)).toEqual([ref, pause]);
});

it('whatever byte of an archive changes, it is refused or has the same image', async () => {
  await writeTar(path(), own.members);
  const whole = readFileSync(path());
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (index, change) => {
      const bytes = Buffer.from(whole);
      bytes[index] = (bytes[index] ?? 0) ^ change;
      writeFileSync(path(), bytes);
      try {
        const images = await archivedImages(path(), 'amd64');
        expect(images.map(({ digest }) => digest)).toEqual([own.manifest[0].digest]);
      } catch (error) {
        if (!(error instanceof KbootError)) throw error;
        expect(error.code).toBe('E-BUNDLE');
      }
    }),
    { numRuns: 300 },
  );
});
