import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchChart } from '../../src/fetch/chart.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { RemoteChart } from '../../src/model/addon.ts';
import { serve, type FakeServer } from './servers.ts';

const archive = Buffer.from('the archive of a chart');
const sum = sha256(archive);

let cache: string;
let server: FakeServer;
/** What the server has by path. */
let texts: Map<string, string | Buffer>;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'kboot-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  texts = new Map();
  server = await serve(({ url = '' }) => {
    const found = texts.get(url);
    return found === undefined ? 404 : Buffer.from(found);
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(cache, { recursive: true });
});

const get = async (chart: Partial<RemoteChart>, held: readonly string[] = []): Promise<string> =>
  String(
    await fetchChart(
      { repository: `${server.origin}/charts`, name: 'shop', version: '1.2.3', sha256: sum, ...chart },
      held,
    ),
  );
const index = (entries: object): string => JSON.stringify({ apiVersion: 'v1', entries });

describe('a chart of a repository', () => {
  it.each(['shop-1.2.3.tgz', '/charts/shop-1.2.3.tgz'])('is where the index says (%s)', async (url) => {
    texts.set(
      '/charts/index.yaml',
      index({ shop: [{ version: '1.2.2' }, { version: '1.2.3', urls: [url] }] }),
    );
    texts.set('/charts/shop-1.2.3.tgz', archive);
    expect(await get({})).toBe(String(archive));
    // From this user's cache, then.
    expect(await get({ repository: 'http://127.0.0.1:1' })).toBe(String(archive));
  });

  it('is refused if it has another digest, and not kept', async () => {
    texts.set('/charts/index.yaml', index({ shop: [{ version: '1.2.3', urls: ['a.tgz'] }] }));
    texts.set('/charts/a.tgz', 'other');
    const message = `chart shop 1.2.3 of ${server.origin}/charts: has SHA-256 ${sha256('other')}, expected ${sum}`;
    await expect(get({})).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining(message.slice(-80)) as unknown,
    });
    await expect(get({})).rejects.toMatchObject({ code: 'E-FETCH' });
  });

  it.each([
    ['- a: [', 'is not the index of a repository of charts'],
    ['[]', 'has no chart shop'],
    [index({ shop: {} }), 'has no chart shop'],
    [index({ shop: [null, { version: '1.2.30' }] }), 'has chart shop, but not its version 1.2.3'],
    [index({ shop: [{ version: '1.2.3', urls: [7] }] }), 'names no URL of shop 1.2.3'],
    [index({ shop: [{ version: '1.2.3', urls: ['file:///etc/passwd'] }] }), 'which is neither https nor'],
  ])('is not found in %s', async (text, message) => {
    texts.set('/charts/index.yaml', text);
    await expect(get({})).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('comes from the bundle without a request', async () => {
    const held = join(cache, 'held.tgz');
    writeFileSync(held, archive);
    expect(await get({}, [held])).toBe(String(archive));
    expect(server.asked).toEqual([]);
  });
});

describe('a chart in a registry', () => {
  const manifest = (mediaType: string, digest = `sha256:${sum}`): string =>
    JSON.stringify({ layers: [{ mediaType, digest }] });
  const layer = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
  const fromRegistry = async (version = '1.2.3'): Promise<string> =>
    String(await fetchChart({ oci: `${server.origin.slice(7)}/charts/shop`, version, sha256: sum }, []));

  it('is the layer of its manifest; a plus in its version is an underscore in the tag', async () => {
    texts.set('/v2/charts/shop/manifests/1.2.3_1', manifest(layer));
    texts.set(`/v2/charts/shop/blobs/sha256:${sum}`, archive);
    expect(await fromRegistry('1.2.3+1')).toBe(String(archive));
  });

  it.each([
    [manifest('application/vnd.oci.image.layer.v1.tar'), 'has the chart (none), expected'],
    [
      manifest(layer, `sha256:${'0'.repeat(64)}`),
      `has the chart sha256:${'0'.repeat(64)}, expected sha256:${sum}`,
    ],
    ['{}', 'is not the manifest of a chart'],
    ['<html>', 'is not the manifest of a chart'],
  ])('is not %s', async (text, message) => {
    texts.set('/v2/charts/shop/manifests/1.2.3', text);
    await expect(fromRegistry()).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining(message) as unknown,
    });
  });
});
