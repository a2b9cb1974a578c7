import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchPinned } from '../../src/fetch/pinned.ts';
import { sha256 } from '../../src/model/digest.ts';

let cache: string;
let server: http.Server;
let served: string;
let asked: number;
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'kboot-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  [served, asked] = ['kind: ConfigMap\n', 0];
  server = http.createServer((_request, response) => {
    asked++;
    response.end(served);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  rmSync(cache, { recursive: true });
});

const url = (): URL => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.yaml`);

describe('fetchPinned', () => {
  it('fetches once, and keeps what has the digest', async () => {
    const sum = sha256(served);
    expect(String(await fetchPinned(url(), sum))).toBe(served);
    expect(readFileSync(join(cache, 'kboot/addons', sum), 'utf8')).toBe(served);
    expect(String(await fetchPinned(url(), sum))).toBe(served);
    expect(asked).toBe(1);
  });

  it('refuses other bytes, from wherever they come', async () => {
    const sum = sha256(served);
    await fetchPinned(url(), sum);
    writeFileSync(join(cache, 'kboot/addons', sum), 'other');
    served = 'replaced';
    await expect(fetchPinned(url(), sum)).rejects.toMatchObject({
      code: 'E-FETCH',
      message: expect.stringContaining(`has SHA-256 ${sha256('replaced')}, expected ${sum}`) as unknown,
    });
  });

  it('asks nobody for what a bundle has', async () => {
    const held = join(cache, 'held.yaml');
    writeFileSync(held, 'held');
    expect(String(await fetchPinned(url(), sha256('held'), ['/none', held]))).toBe('held');
    expect(asked).toBe(0);
  });

  it('reads no more than 32 MiB', async () => {
    served = 'x'.repeat(33 * 1024 * 1024);
    await expect(fetchPinned(url(), sha256(served))).rejects.toThrow('has more than 33554432 bytes');
  });
});
