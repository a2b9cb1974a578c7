import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveImage } from '../../src/fetch/image-archive.ts';
import { findImage } from '../../src/fetch/registry.ts';
import { openWeb, type Web } from '../../src/fetch/web.ts';
import { sha256 } from '../../src/model/digest.ts';
import { archiveSums, tarEntries } from '../../src/store/image-archive.ts';
import { freshFolder } from '../cli/folder.ts';
import { startRegistry, type FakeRegistry } from './servers.ts';

const at = freshFolder();
let registry: FakeRegistry;
let web: Web;
beforeEach(async () => {
  registry = await startRegistry();
  web = openWeb({ signal: new AbortController().signal });
});
afterEach(async () => {
  web.close();
  await registry.close();
});

const nothing = (): void => undefined;
const save = async (arch: 'amd64' | 'arm64' = 'amd64'): Promise<string> =>
  saveImage(await findImage(web, `${registry.host}/a/pause:3.10`, arch), at('pause.tar'), nothing);

/** Path of the first blob requested from the storage whose content starts like this. */
async function blobOf(start: string): Promise<string> {
  for await (const entry of tarEntries(at('pause.tar'))) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (Buffer.concat(chunks).toString().startsWith(start))
      return `/sha256:${entry.header.name.slice('blobs/sha256/'.length)}`;
  }
  throw new Error(`no blob begins with ${start}`);
}

async function indexIn(path: string): Promise<{ manifests: { annotations: Record<string, string> }[] }> {
  for await (const entry of tarEntries(path)) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    if (entry.header.name === 'index.json')
      return JSON.parse(Buffer.concat(chunks).toString()) as Awaited<ReturnType<typeof indexIn>>;
  }
  throw new Error('no index.json');
}

describe('an image', () => {
  it('is pulled for its architecture, with a token for its repository alone, and with blobs from their own server', async () => {
    expect(await save('arm64')).toBe('fetched');
    expect(await indexIn(at('pause.tar'))).toMatchObject({
      manifests: [
        {
          platform: { os: 'linux', architecture: 'arm64' },
          annotations: {
            'io.containerd.image.name': `${registry.host}/a/pause:3.10`,
            'org.opencontainers.image.ref.name': '3.10',
          },
        },
      ],
    });
    expect(await blobOf('layer of a/pause arm64')).toMatch(/^\/sha256:/);
    const tokens = registry.asked.filter((line) => line.startsWith('GET /token'));
    expect(tokens).toEqual(['GET /token?service=fake&scope=repository%3Aa%2Fpause%3Apull']);
    // Configuration and two layers, one of which the image has twice.
    expect(registry.storage.asked).toHaveLength(3);
  });

  it('is named by what it holds: every blob has the sum that is its name', async () => {
    await save();
    const sums = [...((await archiveSums(at('pause.tar'))) ?? [])];
    expect(sums.map(([name]) => name).slice(0, 2)).toEqual(['oci-layout', 'index.json']);
    for (const [name, sum] of sums.slice(2)) expect(name).toBe(`blobs/sha256/${sum}`);
    // The published index, the manifest, the configuration, two layers.
    expect(sums).toHaveLength(7);
  });

  it('that exists is not fetched again; one that is damaged is, with the same result', async () => {
    await save();
    const before = sha256(readFileSync(at('pause.tar')));
    registry.storage.asked.length = 0;
    expect(await save()).toBe('present');
    expect(registry.storage.asked).toHaveLength(1);
    const bytes = readFileSync(at('pause.tar'));
    bytes[20_000] = (bytes[20_000] ?? 0) ^ 1;
    for (const damage of [
      () => {
        writeFileSync(at('pause.tar'), bytes);
      },
      () => {
        truncateSync(at('pause.tar'), 30_000);
      },
      () => {
        writeFileSync(at('pause.tar'), 'no tar');
      },
    ]) {
      damage();
      expect(await save()).toBe('fetched');
      expect(sha256(readFileSync(at('pause.tar')))).toBe(before);
    }
  });

  it.each([
    ['wrong', /has SHA-256 [0-9a-f]+, expected/],
    ['long', /has more than \d+ bytes/],
    ['cut', /the connection was lost/],
    [404, /HTTP status 404/],
    [429, /HTTP status 429/],
  ] as const)('keeps the existing archive when a layer comes %s', async (fault, message) => {
    await save();
    const layer = await blobOf('layer of a/pause');
    const config = await blobOf('{"os"');
    truncateSync(at('pause.tar'), 25_000);
    for (const path of [layer, config]) {
      registry.storage.faults.clear();
      registry.storage.faults.set(path, fault);
      const failure: unknown = await save().catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'E-FETCH', message: expect.stringMatching(message) as string });
      expect(readFileSync(at('pause.tar'))).toHaveLength(25_000);
    }
  });

  it('of another architecture is refused, by index and by configuration', async () => {
    const only = await startRegistry('arm64');
    try {
      await expect(findImage(web, `${only.host}/a/pause:3.10`, 'amd64')).rejects.toMatchObject({
        code: 'E-FETCH',
        message: `${only.host}/a/pause:3.10: not available for linux/amd64, only for arm64`,
      });
      const { manifest } = await findImage(web, `${only.host}/a/pause:3.10`, 'arm64');
      expect(manifest.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    } finally {
      await only.close();
    }
  });

  it('E-FETCH if the tag does not refer to an image, or no token is issued', async () => {
    registry.faults.set('/v2/a/pause/manifests/3.10', 'wrong');
    await expect(save()).rejects.toMatchObject({
      message: expect.stringContaining("the registry's response is not JSON") as string,
    });
    registry.faults.clear();
    registry.faults.set('/token', 'wrong');
    await expect(save()).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining('HTTP status 401') as string,
      context: { remedy: expect.stringContaining('anonymously') as string },
    });
  });
});
