import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveImage } from '../../src/fetch/image-archive.ts';
import { findDigests, findImage } from '../../src/fetch/registry.ts';
import { openWeb, type Web } from '../../src/fetch/web.ts';
import { KbootError } from '../../src/model/error.ts';
import { sha256 } from '../../src/model/digest.ts';
import { archivedImages } from '../../src/store/archived-images.ts';
import { freshFolder } from '../cli/folder.ts';
import { blob, layout, ociIndex, ociManifest, type Descriptor } from '../store/image-tar.ts';
import { serve, type FakeServer } from './servers.ts';

const at = freshFolder();
const own = layout();
const other = layout({ name: 'another image' });
const platform = { os: 'linux', architecture: 'amd64' };
const indexOf = (...entries: readonly object[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: entries });
const official = indexOf({ ...own.manifest[0], platform });
const digestOf = (text: string): string => `sha256:${sha256(text)}`;

let registry: FakeServer;
let web: Web;
/** What the registry serves: documents by tag or digest, blobs by digest; with the media type of each. */
let served: Map<string, readonly [content: string, type?: string]>;
/** Instead of an answer. */
let redirect: string | undefined;
let authorizations: (string | undefined)[];

beforeEach(async () => {
  served = new Map();
  redirect = undefined;
  authorizations = [];
  for (const image of [own, other])
    for (const [{ digest }, [, content]] of [image.manifest, image.config, image.layer])
      served.set(digest, [content]);
  served.set('1', [official, ociIndex]);
  served.set(digestOf(official), [official, ociIndex]);
  registry = await serve(({ url = '', headers }, response) => {
    authorizations.push(headers.authorization);
    const found = served.get(url.slice(url.lastIndexOf('/') + 1));
    if (found === undefined) return 404;
    if (redirect !== undefined && url.includes('/blobs/'))
      return void response.writeHead(307, { location: redirect }).end();
    if (found[1] !== undefined) response.setHeader('content-type', found[1]);
    return Buffer.from(found[0]);
  });
  web = openWeb({ signal: new AbortController().signal });
});
afterEach(async () => {
  web.close();
  await registry.close();
});

const ref = (): string => `${registry.origin.slice('http://'.length)}/pause:1`;
/** What is wrong with an image; empty: nothing, and it was saved. */
const said = async (held?: string): Promise<string> => {
  try {
    await saveImage(await findImage(web, ref(), 'amd64', held), at('pause.tar'), () => undefined);
    expect(await archivedImages(at('pause.tar'), 'amd64')).toMatchObject([{ ref: ref() }]);
    return '';
  } catch (error) {
    if (!(error instanceof KbootError)) throw error;
    expect([error.code, existsSync(at('pause.tar'))]).toEqual(['E-FETCH', false]);
    return error.message;
  }
};
const put = (text: string, type?: string): void => {
  served.set('1', type === undefined ? [text] : [text, type]);
};
const manifest = (change: object): string => JSON.stringify({ ...JSON.parse(own.manifest[1][1]), ...change });
const inIndex = (text: string, change: Partial<Descriptor> = {}): string => {
  const [descriptor] = blob(text, ociManifest);
  served.set(descriptor.digest, [text]);
  return indexOf({ ...descriptor, ...change, platform });
};

describe('an image that is held to the digest of its index', () => {
  it('is fetched whatever its tag leads to, and its archive proves where it is from', async () => {
    put(indexOf({ ...other.manifest[0], platform }), ociIndex);
    expect(await said(digestOf(official))).toBe('');
    expect(await archivedImages(at('pause.tar'), 'amd64')).toEqual([
      { ref: ref(), digest: own.manifest[0].digest, index: digestOf(official) },
    ]);
  });

  it.each([
    [
      'another manifest',
      () => served.set(digestOf(official), [other.manifest[1][1], ociManifest]),
      /has digest sha256:\w+, expected sha256:/,
    ],
    [
      'an index with another manifest',
      () => served.set(digestOf(official), [indexOf({ ...other.manifest[0], platform }), ociIndex]),
      /has digest sha256:\w+, expected/,
    ],
    [
      'another manifest under the digest in the index',
      () => served.set(own.manifest[0].digest, [other.manifest[1][1].padEnd(own.manifest[0].size)]),
      /has SHA-256|has more than|instead of/,
    ],
    [
      'another configuration',
      () => served.set(own.config[0].digest, [other.config[1][1]]),
      /has SHA-256|has more than|instead of/,
    ],
    ['another layer', () => served.set(own.layer[0].digest, ['x'.repeat(own.layer[0].size)]), /has SHA-256/],
    [
      'a layer that ends early',
      () => served.set(own.layer[0].digest, [own.layer[1][1].slice(0, -1)]),
      /bytes instead of/,
    ],
    [
      'a layer that goes on',
      () => served.set(own.layer[0].digest, [`${own.layer[1][1]}more`]),
      /has more than/,
    ],
    ['nothing', () => served.delete(digestOf(official)), /HTTP status 404/],
  ] as const)('is refused if the registry has %s', async (_, forge, message) => {
    forge();
    expect(await said(digestOf(official))).toMatch(message);
  });
});

describe('an image that is not held to a digest is refused', () => {
  it.each([
    [
      "in Docker's first format",
      () => {
        put(
          JSON.stringify({ schemaVersion: 1, fsLayers: [], history: [] }),
          'application/vnd.docker.distribution.manifest.v1+prettyjws',
        );
      },
      /schema 1/,
    ],
    [
      'that is an index too',
      () => {
        put(manifest({ manifests: [] }), ociManifest);
      },
      /an index and an image at the same time/,
    ],
    [
      'with another media type than it is served with',
      () => {
        put(own.manifest[1][1], 'application/vnd.docker.distribution.manifest.v2+json');
      },
      /is served as/,
    ],
    [
      'that is an index served as a manifest',
      () => {
        put(official.replace(`"mediaType":"${ociIndex}",`, ''), ociManifest);
      },
      /but is an index/,
    ],
    [
      'whose index states a wrong size',
      () => {
        put(indexOf({ ...own.manifest[0], size: own.manifest[0].size - 1, platform }));
      },
      /has more than/,
    ],
    [
      'whose index leads to another index',
      () => {
        put(inIndex(official));
      },
      /says that it is|leads to another index/,
    ],
    [
      'whose index has two for one platform',
      () => {
        put(indexOf({ ...own.manifest[0], platform }, { ...other.manifest[0], platform }));
      },
      /several images for linux\/amd64/,
    ],
    [
      'for another platform than the index says',
      () => {
        const arm = layout({ arch: 'arm64' });
        for (const [{ digest }, [, content]] of [arm.manifest, arm.config, arm.layer])
          served.set(digest, [content]);
        put(indexOf({ ...arm.manifest[0], platform }));
      },
      /not available for linux\/amd64, only for arm64/,
    ],
    [
      'with a field in another case',
      () => {
        put(manifest({ Layers: [] }));
      },
      /has "Layers" twice/,
    ],
    [
      'with layers from elsewhere',
      () => {
        put(
          manifest({
            layers: [
              {
                ...own.layer[0],
                mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
                urls: ['https://evil.example'],
              },
            ],
          }),
        );
      },
      /layers.0.mediaType/,
    ],
    [
      'with a layer of a petabyte',
      () => {
        put(manifest({ layers: [{ ...own.layer[0], size: 2 ** 50 }] }));
      },
      /layers.0.size/,
    ],
    [
      'with layers of more than 16 GiB together',
      () => {
        put(manifest({ layers: Array.from({ length: 3 }, () => ({ ...own.layer[0], size: 7 * 2 ** 30 })) }));
      },
      /layers of more than/,
    ],
    [
      'with thousands of layers',
      () => {
        put(manifest({ layers: Array.from({ length: 3000 }, () => own.layer[0]) }));
      },
      /layers/,
    ],
    [
      'with a configuration that is something else',
      () => {
        put(
          manifest({ config: { ...own.config[0], mediaType: 'application/vnd.cncf.helm.config.v1+json' } }),
        );
      },
      /config.mediaType/,
    ],
    [
      'of many megabytes',
      () => {
        put(`${' '.repeat(5 << 20)}${official}`);
      },
      /more than 4194304 bytes/,
    ],
  ] as const)('%s', async (_, forge, message) => {
    forge();
    expect(await said()).toMatch(message);
  });

  it('by `kboot lock` likewise', async () => {
    put(manifest({ manifests: [] }), ociManifest);
    await expect(findDigests(web, ref())).rejects.toMatchObject({ code: 'E-FETCH' });
    put(indexOf({ ...own.manifest[0], platform }, { ...other.manifest[0], platform }));
    await expect(findDigests(web, ref())).rejects.toMatchObject({ code: 'E-FETCH' });
  });
});

describe('credentials', () => {
  it('do not follow a redirect to another host, nor does a token that another host asks for', async () => {
    const taken: (string | undefined)[] = [];
    const elsewhere = await serve(({ headers }, response) => {
      taken.push(headers.authorization);
      if (taken.length > 1) return Buffer.from(own.layer[1][1]);
      const challenge = `Bearer realm="${elsewhere.origin}/token",service="x"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    try {
      redirect = `${elsewhere.origin}/blob`;
      await said();
      expect(taken.filter((each) => each !== undefined)).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it.each([
    ['is endless', JSON.stringify({ token: 'x'.repeat(2 << 20) })],
    ['has a line break, for a header of its own', JSON.stringify({ token: 'a\r\nX-Forged: yes' })],
    ['is not there', '{}'],
    ['is not text', '{"token":{"toString":1}}'],
    ['is no JSON', 'null'],
  ])('a token that %s is an error of that registry, not of kboot', async (_, token) => {
    const guarded = await serve(({ url = '' }, response) => {
      if (url.startsWith('/token')) return Buffer.from(token);
      const challenge = `Bearer realm="${guarded.origin}/token",service="x"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    });
    try {
      const name = `${guarded.origin.slice('http://'.length)}/pause:1`;
      await expect(findImage(web, name, 'amd64')).rejects.toMatchObject({
        code: 'E-FETCH',
        message: expect.stringContaining('HTTP status 401') as string,
      });
    } finally {
      await guarded.close();
    }
  });
});
