import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { observeForReset } from '../../src/observe/reset.ts';
import { sha256 } from '../../src/model/digest.ts';
import { readForDiffs, readTexts } from '../../src/observe/texts.ts';
import { textsFile } from '../../src/resource/prelude.ts';
import type { Reader } from '../../src/transport/types.ts';
import { failure } from '../transport/failure.ts';

const local = (change: (stdout: string) => string = (same) => same): Reader => ({
  host: 'h1',
  stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
  forward: () => Promise.reject(new Error('not in this test')),
  read(script) {
    const { stdout, stderr, status } = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' });
    return Promise.resolve({ stdout: change(stdout), stderr, exitCode: status });
  },
});

it('readTexts returns texts unchanged, and omits files that are missing or too large', async () => {
  const root = mkdtempSync(join(tmpdir(), 'kboot-texts-'));
  const texts = {
    plain: 'a\nb\n',
    empty: '',
    'no-end': 'ä — no line end',
    'like-us': '@x begin y\n@x end y 0\n',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(root, name), text);
  writeFileSync(join(root, 'large'), Buffer.alloc(262_145));
  mkdirSync(join(root, 'folder'));
  const paths = [...Object.keys(texts), 'large', 'folder', 'gone'].map((name) => join(root, name));
  expect(await readTexts(local(), paths)).toEqual(
    new Map(Object.entries(texts).map(([name, text]) => [join(root, name), text])),
  );
  const half = await readTexts(
    local((stdout) => stdout.slice(0, stdout.length / 2)),
    paths,
  );
  expect(
    [...half.keys()].every((path) => half.get(path) === texts[path.slice(root.length + 1) as 'plain']),
  ).toBe(true);
  expect(half.size).toBeLessThan(4);
  rmSync(root, { recursive: true });
});

it('readForDiffs tells texts that kboot wrote and showed from all others', async () => {
  const root = mkdtempSync(join(tmpdir(), 'kboot-texts-'));
  const [own, changed, foreign, stamps] = ['own', 'changed', 'foreign', 'stamps'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  for (const path of [own, changed, foreign]) writeFileSync(path, 'text\n');
  writeFileSync(stamps, `|${own}|${sha256('text\n')}\n|${changed}|${sha256('another\n')}\n`);
  const reader = local();
  const elsewhere: Reader = {
    ...reader,
    read: async (script, options) => {
      const answer = await reader.read(script.replaceAll(textsFile, stamps), options);
      return { ...answer, stdout: answer.stdout.replaceAll(stamps, textsFile) };
    },
  };
  const found = await readForDiffs(elsewhere, [own, changed, foreign]);
  expect([...found].map(([path, { isShown }]) => [path, isShown])).toEqual([
    [own, true],
    [changed, false],
    [foreign, false],
  ]);
  rmSync(root, { recursive: true });
});

it('seeForReset reports what is there, and rejects a truncated answer', async () => {
  const told =
    'present=1\nclusterId=abc\netcdDataDir=/mnt/etcd\nowned=12\nkept=3\ncontainers=7\nkeptFolder=/var/lib/kubelet\nswap=1\ndockerContainers=2\nend=1\n';
  expect(await observeForReset(local(() => told))).toEqual({
    present: true,
    clusterId: 'abc',
    etcdDataDir: '/mnt/etcd',
    owned: 12,
    kept: 3,
    containers: 7,
    keptFolders: ['/var/lib/kubelet'],
    swap: true,
    selinux: false,
    dockerContainers: 2,
  });
  for (const cut of ['', 'clusterId=\n', told.slice(0, -3)])
    expect((await failure(observeForReset(local(() => cut)))).code).toBe('E-PROBE');
});
