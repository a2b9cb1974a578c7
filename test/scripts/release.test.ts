import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { tar, tarGz } from '../../scripts/release/archive.ts';
import { ociArchive, type Image } from '../../scripts/release/image.ts';
import { checksums, formula, librariesOf, releaseNotes } from '../../scripts/release/texts.ts';

const at = new Date('2026-01-02T03:04:05Z');
const text = (content: string): Buffer => Buffer.from(content);

interface Unpacked {
  readonly type: string;
  readonly mode: number;
  readonly owner: number;
  readonly time: string;
  readonly content: Buffer;
}

async function unpacked(archive: Buffer): Promise<ReadonlyMap<string, Unpacked>> {
  const found = new Map<string, Unpacked>();
  const stream = extract();
  stream.end(archive);
  for await (const entry of stream) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode, uid, mtime } = entry.header;
    const content = Buffer.concat(chunks);
    found.set(name.replace(/\/$/, ''), { type, mode, owner: uid, time: mtime.toISOString(), content });
  }
  return found;
}

describe('archives', () => {
  const entries = [
    { path: 'usr/bin/b', mode: 0o755, content: text('b') },
    { path: 'tmp', mode: 0o1777 },
    { path: 'usr/a', mode: 0o600, content: text('a') },
  ];

  it('have the folders above a file before it, and everything is of root and of the same time', async () => {
    const found = await unpacked(await tar(entries, at));
    expect([...found.keys()]).toEqual(['tmp', 'usr', 'usr/a', 'usr/bin', 'usr/bin/b']);
    expect([...found.values()].map(({ type, mode }) => `${type} ${mode.toString(8)}`)).toEqual([
      'directory 1777',
      'directory 755',
      'file 600',
      'directory 755',
      'file 755',
    ]);
    for (const { owner, time } of found.values()) expect([owner, time]).toEqual([0, at.toISOString()]);
  });

  it('are the same bytes for the same entries, in whatever order', async () => {
    const [one, other] = [await tarGz(entries, at), await tarGz(entries.toReversed(), at)];
    expect(one.equals(other)).toBe(true);
  });
});

describe('the image', () => {
  const image: Image = {
    name: 'localhost/kboot:9.8.7',
    architecture: 'arm64',
    created: at,
    labels: { 'org.opencontainers.image.version': '9.8.7' },
    entrypoint: ['/usr/local/bin/kboot'],
    workingDir: '/work',
    env: ['HOME=/root'],
    layers: [
      [{ path: 'lib/libc.so.6', mode: 0o755, content: text('libc') }],
      [{ path: 'usr/local/bin/kboot', mode: 0o755, content: text('kboot') }],
    ],
  };

  interface Descriptor {
    readonly digest: string;
    readonly size: number;
    readonly annotations?: Readonly<Record<string, string>>;
  }

  it('leads from its index to each layer, by digest and size', async () => {
    const files = await unpacked(await ociArchive(image));
    const blob = ({ digest, size }: Descriptor): Buffer => {
      const content = files.get(`blobs/${digest.replace(':', '/')}`)?.content ?? text('missing');
      expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(digest);
      expect(content.length).toBe(size);
      return content;
    };
    const json = (content: Buffer): unknown => JSON.parse(content.toString());
    const index = json(files.get('index.json')?.content ?? text('')) as { manifests: Descriptor[] };
    expect(
      index.manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']),
    ).toEqual(['localhost/kboot:9.8.7']);
    const [first = { digest: '', size: 0 }] = index.manifests;
    const manifest = json(blob(first)) as { config: Descriptor; layers: Descriptor[] };
    const config = json(blob(manifest.config)) as {
      architecture: string;
      config: object;
      rootfs: { diff_ids: string[] };
    };
    expect(config).toMatchObject({
      architecture: 'arm64',
      os: 'linux',
      created: '2026-01-02T03:04:05.000Z',
      config: { Entrypoint: ['/usr/local/bin/kboot'], WorkingDir: '/work', Env: ['HOME=/root'] },
    });
    const layers = manifest.layers.map((layer) => gunzipSync(blob(layer)));
    expect(layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`)).toEqual(
      config.rootfs.diff_ids,
    );
    const top = await unpacked(layers[1] ?? text(''));
    expect(top.get('usr/local/bin/kboot')?.content.toString()).toBe('kboot');
    const [docker] = json(files.get('manifest.json')?.content ?? text('')) as [
      { Config: string; RepoTags: string[]; Layers: string[] },
    ];
    expect(docker.RepoTags).toEqual(['localhost/kboot:9.8.7']);
    for (const path of [docker.Config, ...docker.Layers]) expect([...files.keys()]).toContain(path);
  });

  it('differs as soon as a file of it does', async () => {
    const changed = { ...image, layers: [[], [{ path: 'a', mode: 0o644, content: text('a') }]] };
    expect((await ociArchive(image)).equals(await ociArchive(image))).toBe(true);
    expect((await ociArchive(image)).equals(await ociArchive(changed))).toBe(false);
  });
});

describe('texts of a release', () => {
  const changelog =
    '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- new\n\n## [0.1.0] - 2026-12-01\n\n- first\n';

  it('has the notes of its version, or of what is not released yet', () => {
    expect(releaseNotes(changelog, '0.1.0', false)).toBe('- first\n');
    expect(releaseNotes(changelog, '0.1.0', true)).toBe('### Added\n\n- new\n');
    expect(() => releaseNotes(changelog, '0.2.0', false)).toThrow('no text under "## [0.2.0] - DATE"');
    expect(() => releaseNotes('## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n', '0.1.0', true)).toThrow(
      'no text under "## [Unreleased]"',
    );
  });

  it('has sums as sha256sum reads them', () => {
    const files = [
      { name: 'b', sha256: '22' },
      { name: 'a', sha256: '11' },
    ];
    expect(checksums(files)).toBe('11  a\n22  b\n');
  });

  it('has a formula with the address and the sum of the package', () => {
    const text = formula({
      url: 'https://git.example.com/kboot/releases/download/v9.8.7/kboot-9.8.7.tgz',
      sha256: 'ab12',
      homepage: 'https://git.example.com/kboot',
      license: 'Apache-2.0',
    });
    expect(text).toContain(
      '  url "https://git.example.com/kboot/releases/download/v9.8.7/kboot-9.8.7.tgz"\n',
    );
    expect(text).toContain('  sha256 "ab12"\n');
    // What `brew audit` asks of a description.
    const description = /^ {2}desc "(.*)"$/m.exec(text)?.[1] ?? '';
    expect(description.length).toBeLessThan(80);
    expect(description).not.toMatch(/\.$|^(?:A|An|The) |kboot/i);
  });

  it('finds the libraries of an executable, and the loader', () => {
    const ldd = [
      '\tlinux-vdso.so.1 (0x00007fcfe5175000)',
      '\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007fcfe515e000)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007fcfe5177000)',
    ];
    expect(librariesOf(ldd.join('\n'))).toEqual([
      '/lib/x86_64-linux-gnu/libdl.so.2',
      '/lib64/ld-linux-x86-64.so.2',
    ]);
    expect(() => librariesOf('\tlibnode.so.108 => not found\n')).toThrow('libnode.so.108 => not found');
    expect(librariesOf('\tstatically linked\n')).toEqual([]);
  });
});
