import { existsSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { pack, type Header } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { compare, readCopy, type CopySite } from '../../../src/app/state/copy.ts';
import { pullState, type Pulled } from '../../../src/app/state/pull.ts';
import { pushState } from '../../../src/app/state/push.ts';
import type { CopyComparison } from '../../../src/model/state-settings.ts';
import { encrypt } from '../../../src/store/age.ts';
import { packState } from '../../../src/store/state-archive.ts';
import { digestOf, readStateFiles } from '../../../src/store/state-files.ts';
import { openState } from '../../../src/store/state.ts';
import { freshFolder } from '../../cli/folder.ts';
import { clusterId, identityFile, newPerson, sample, siteOf, tree, write, type Person } from './site.ts';

const at = freshFolder();
let alice: Person;
let bob: Person;
beforeAll(async () => {
  [alice, bob] = [await newPerson(), await newPerson()];
});

/** Two people with a folder each, and one copy. */
let a: CopySite;
let b: CopySite;
beforeEach(() => {
  const both = [alice.recipient, bob.recipient];
  a = siteOf(at('a'), at('prod.age'), both);
  b = siteOf(at('b'), at('prod.age'), both);
  write(a.dir, sample);
  vi.stubEnv('KBOOT_STATE_IDENTITY', identityFile(at('id'), alice, bob));
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const yes = (): Promise<boolean> => Promise.resolve(true);
const no = (): Promise<boolean> => Promise.resolve(false);
const comparison = async (site: CopySite): Promise<CopyComparison> =>
  compare(await readCopy(site), site.recipients);
const pull = (site: CopySite, force?: typeof yes): Promise<Pulled | undefined> => pullState(site, { force });
const change = (site: CopySite, text: string): void => {
  write(site.dir, { 'rotation.json': text });
};

describe('a copy of the state folder', () => {
  it('is the state folder for somebody else, who changes it in turn', async () => {
    expect(await comparison(a)).toBe('absent');
    expect(await pushState(a)).toEqual({ written: true, generation: 1, files: 5 });
    expect(await comparison(b)).toBe('copy-changed');
    expect(await pull(b)).toMatchObject({
      written: true,
      generation: 1,
      files: 5,
      about: { cluster: 'prod', clusterId },
    });
    expect(tree(b.dir)).toEqual(sample);
    change(b, 'trust');
    expect(await comparison(b)).toBe('folder-changed');
    expect(await pushState(b)).toMatchObject({ written: true, generation: 2 });
    expect(await comparison(a)).toBe('copy-changed');
    expect(await pull(a)).toMatchObject({ written: true, generation: 2 });
    expect(tree(a.dir)).toEqual({ ...sample, 'rotation.json': 'trust' });
    expect([await comparison(a), await comparison(b)]).toEqual(['same', 'same']);
  });

  it('is not touched unless the state has changed, so that git sees no change', async () => {
    await pushState(a);
    const before = readFileSync(a.target);
    expect(await pushState(a)).toEqual({ written: false, generation: 1, files: 5 });
    expect(readFileSync(a.target).equals(before)).toBe(true);
    expect(await pull(a)).toEqual({ written: false, generation: 1, files: 5 });
  });

  it('has no secret that can be read, and not what belongs to this machine', async () => {
    write(a.dir, {
      'runs/log.ndjson': 'x',
      'snapshots/etcd.db': 'x',
      'lock.abc.claim': '',
      'pki/.ca.key.0123456789abcdef.tmp': 'x',
    });
    await pushState(a);
    expect(readFileSync(a.target, 'latin1')).not.toContain('another key');
    await pull(b);
    expect(tree(b.dir)).toEqual(sample);
  });

  it('loses files that the folder has no longer, and leaves logs and snapshots alone', async () => {
    await pushState(a);
    await pull(b);
    write(b.dir, { 'runs/log.ndjson': 'x', 'snapshots/etcd.db': 'x' });
    rmSync(at('a/encryption'), { recursive: true });
    rmSync(at('a/pki/hosts'), { recursive: true });
    await pushState(a);
    await pull(b);
    expect(tree(b.dir)).toEqual({ ...tree(a.dir), 'runs/log.ndjson': 'x', 'snapshots/etcd.db': 'x' });
  });

  it('is encrypted anew for other recipients', async () => {
    await pushState(a);
    const carol = await newPerson();
    const site = { ...a, recipients: [carol.recipient] };
    expect(await comparison(site)).toBe('recipients-changed');
    expect(await pushState(site)).toMatchObject({ written: true, generation: 2 });
    await expect(pull(b)).rejects.toMatchObject({ code: 'E-STATE-KEY' });
    expect(existsSync(b.dir)).toBe(false);
    expect(await pullState(b, { identity: identityFile(at('carol'), carol) })).toMatchObject({
      written: true,
    });
  });
});

describe('two people', () => {
  beforeEach(async () => {
    await pushState(a);
    await pull(b);
    change(b, 'of b');
    await pushState(b);
  });

  it('cannot overwrite what the other pushed since', async () => {
    change(a, 'of a');
    expect(await comparison(a)).toBe('both-changed');
    await expect(pushState(a)).rejects.toMatchObject({
      code: 'E-STATE-COPY',
      message: expect.stringContaining('changed by somebody else') as string,
    });
    await expect(pull(a)).rejects.toMatchObject({
      code: 'E-STATE-COPY',
      message: expect.stringContaining('differs from') as string,
    });
    expect(tree(a.dir)['rotation.json']).toBe('of a');
  });

  it('overwrite the copy by force, after a question', async () => {
    change(a, 'of a');
    const before = readFileSync(a.target);
    expect(await pushState(a, no)).toBeUndefined();
    expect(readFileSync(a.target).equals(before)).toBe(true);
    expect(await pushState(a, yes)).toMatchObject({ written: true, generation: 3 });
    expect(await pull(b)).toMatchObject({ written: true, generation: 3 });
    expect(tree(b.dir)['rotation.json']).toBe('of a');
  });

  it('overwrite the folder by force, which keeps the former files', async () => {
    change(a, 'of a');
    expect(await pull(a, no)).toBeUndefined();
    const pulled = await pull(a, yes);
    const kept = pulled?.kept ?? '';
    expect(kept).toMatch(/^former-/);
    expect(tree(a.dir)['rotation.json']).toBe('of b');
    expect(tree(at(`a/${kept}`))['rotation.json']).toBe('of a');
    expect(await comparison(a)).toBe('same');
  });

  it('do not take a folder for the copy that was never pushed there', async () => {
    const c = siteOf(at('c'), a.target, a.recipients);
    write(c.dir, { ...sample, 'pki/ca.key': 'mine' });
    expect(await comparison(c)).toBe('unrelated');
    await expect(pushState(c)).rejects.toMatchObject({ code: 'E-STATE-COPY' });
    await expect(pull(c)).rejects.toMatchObject({
      message: expect.stringContaining('was never pushed') as string,
    });
    write(c.dir, { ...sample, 'rotation.json': 'of b' });
    expect(await pull(c)).toMatchObject({ written: false, generation: 2 });
    expect(await comparison(c)).toBe('same');
  });

  it('are told that the copy is older than what they had', async () => {
    const second = readFileSync(a.target);
    change(b, 'later');
    await pushState(b);
    const third = readFileSync(a.target);
    await pull(a);
    writeFileSync(a.target, second);
    await expect(pull(a)).rejects.toMatchObject({
      message: expect.stringContaining('generation 2, not 3') as string,
    });
    await expect(pushState(a)).rejects.toMatchObject({ code: 'E-STATE-COPY' });
    writeFileSync(a.target, third);
    expect(await comparison(a)).toBe('same');
  });
});

describe('a push or pull that is killed', () => {
  it('had come to its end if the copy was written', async () => {
    await pushState(a);
    const first = readFileSync(at('a/copy.json'));
    change(a, 'more');
    await pushState(a);
    const { generation, ...rest } = JSON.parse(readFileSync(at('a/copy.json'), 'utf8')) as {
      generation: number;
    };
    writeFileSync(
      at('a/copy.json'),
      JSON.stringify({ ...(JSON.parse(first.toString()) as object), pushing: { generation, ...rest } }),
    );
    expect(await comparison(a)).toBe('same');
    expect(await pushState(a)).toMatchObject({ written: false, generation: 2 });
  });

  it('is completed by the next pull, and nothing else works on the folder before', async () => {
    await pushState(a);
    await pull(b);
    change(b, 'more');
    rmSync(at('b/encryption'), { recursive: true });
    const files = tree(a.dir);
    const seen: unknown = JSON.parse(readFileSync(at('a/copy.json'), 'utf8'));
    // After each rename of the replacement of b's files by a's.
    for (const moment of [0, 1, 2, 3, 4, 5, 6]) {
      rmSync(b.dir, { recursive: true });
      write(b.dir, { ...sample, 'rotation.json': 'more' });
      const tops = ['cluster-id', 'encryption', 'pki', 'rotation.json'];
      write(at('b/.pull.new'), files);
      mkdirSync(at('b/.pull.former'));
      const { renameSync } = await import('node:fs');
      const moves = [
        ...tops.map((name) => [at(`b/${name}`), at(`b/.pull.former/${name}`)] as const),
        ...['cluster-id', 'encryption', 'pki'].map(
          (name) => [at(`b/.pull.new/${name}`), at(`b/${name}`)] as const,
        ),
      ];
      for (const [from, to] of moves.slice(0, moment)) renameSync(from, to);
      writeFileSync(
        at('b/pull.json'),
        JSON.stringify({ names: ['cluster-id', 'encryption', 'pki'], keep: 'former-x', seen }),
      );
      await expect(openState(b.dir)).rejects.toMatchObject({ code: 'E-STATE-COPY' });
      await expect(pushState(b)).rejects.toMatchObject({ code: 'E-STATE-COPY' });
      expect(await pull(b)).toMatchObject({ written: false });
      expect(tree(at('b/former-x')), String(moment)).toEqual({ ...sample, 'rotation.json': 'more' });
      rmSync(at('b/former-x'), { recursive: true });
      expect(tree(b.dir), String(moment)).toEqual(files);
      expect(readdirSync(b.dir).filter((name) => name.startsWith('.pull') || name === 'pull.json')).toEqual(
        [],
      );
    }
  });
});

describe('with a passphrase', () => {
  it('is refused another one, when it is read and when it is written', async () => {
    const [c, d] = [siteOf(at('a'), at('p.age'), []), siteOf(at('d'), at('p.age'), [])];
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', 'correct horse');
    await pushState(c);
    writeFileSync(at('pass'), 'correct horse\n', { mode: 0o600 });
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', '');
    vi.stubEnv('KBOOT_STATE_PASSPHRASE_FILE', at('pass'));
    expect(await pull(d)).toMatchObject({ written: true });
    writeFileSync(at('pass'), 'wrong horse\n', { mode: 0o600 });
    rmSync(d.dir, { recursive: true });
    const wrong = { code: 'E-STATE-KEY', message: `the passphrase is not that of ${at('p.age')}` };
    await expect(pull(d)).rejects.toMatchObject(wrong);
    expect(existsSync(d.dir)).toBe(false);
    change(c, 'more');
    const before = readFileSync(c.target);
    await expect(pushState(c)).rejects.toMatchObject(wrong);
    expect(readFileSync(c.target).equals(before)).toBe(true);
  });

  it('needs one, from a file that only its owner can read', async () => {
    const site = siteOf(at('a'), at('p.age'), []);
    vi.stubEnv('KBOOT_STATE_PASSPHRASE', '');
    vi.stubEnv('KBOOT_STATE_PASSPHRASE_FILE', '');
    await expect(pushState(site)).rejects.toMatchObject({ code: 'E-STATE-KEY' });
    writeFileSync(at('open'), 'x', { mode: 0o644 });
    vi.stubEnv('KBOOT_STATE_PASSPHRASE_FILE', at('open'));
    await expect(pushState(site)).rejects.toMatchObject({
      message: expect.stringContaining('mode is 644') as string,
    });
    expect(existsSync(at('p.age'))).toBe(false);
  });
});

describe('bad input, with nothing written', () => {
  const refused = async (message: RegExp, code = 'E-STATE-COPY'): Promise<void> => {
    const before = existsSync(b.target) ? statSync(b.target).mtimeMs : 0;
    await expect(pull(b)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    await expect(pull(b, yes)).rejects.toMatchObject({ code });
    expect(existsSync(b.dir)).toBe(false);
    if (before > 0) expect(statSync(b.target).mtimeMs).toBe(before);
  };
  const about = { cluster: 'prod', generation: 1, recipients: [], at: '', by: '' };
  const put = async (archive: Uint8Array): Promise<void> => {
    writeFileSync(b.target, await encrypt(archive, { recipients: b.recipients }));
  };
  const tar = async (
    ...entries: readonly (Partial<Header> & { name: string; text?: string })[]
  ): Promise<Buffer> => {
    const made = pack();
    const all = buffer(made);
    made.entry({ name: 'kboot-state.json' }, JSON.stringify({ format: 1, ...about }));
    for (const { text = '', ...header } of entries) made.entry(header, text);
    made.finalize();
    return await all;
  };

  it('no copy, another file, a truncated one, one of another cluster', async () => {
    await refused(/there is no copy/);
    writeFileSync(b.target, 'apiVersion: v1\n');
    await refused(/is not a file of age/);
    await expect(pushState(a, yes)).rejects.toMatchObject({ code: 'E-STATE-COPY' });
    rmSync(b.target);
    await pushState(a);
    const whole = readFileSync(b.target);
    for (const length of [whole.length - 1, whole.length - 400, 300]) {
      writeFileSync(b.target, whole.subarray(0, length));
      await refused(/is damaged/);
    }
    writeFileSync(b.target, whole);
    await expect(pull({ ...b, cluster: { ...b.cluster, name: 'other' } })).rejects.toMatchObject({
      message: `${b.target} is of cluster prod, not of other`,
    });
    write(b.dir, { 'cluster-id': `sha256:${'b'.repeat(64)}\n` });
    await expect(pull(b, yes)).rejects.toMatchObject({
      message: expect.stringContaining('of another cluster named prod') as string,
    });
  });

  it('another identity, an identity file of others, one that others can read', async () => {
    await pushState(a);
    const carol = await newPerson();
    vi.stubEnv('KBOOT_STATE_IDENTITY', identityFile(at('carol'), carol));
    await refused(/is not encrypted for/, 'E-STATE-KEY');
    writeFileSync(at('ssh'), '-----BEGIN OPENSSH PRIVATE KEY-----\n', { mode: 0o600 });
    vi.stubEnv('KBOOT_STATE_IDENTITY', at('ssh'));
    await refused(/is not an identity file/, 'E-STATE-KEY');
    writeFileSync(at('typo'), `${carol.identity.slice(0, -1)}Q\n`, { mode: 0o600 });
    vi.stubEnv('KBOOT_STATE_IDENTITY', at('typo'));
    await refused(/not valid|not encrypted/, 'E-STATE-KEY');
    writeFileSync(at('wide'), alice.identity, { mode: 0o640 });
    vi.stubEnv('KBOOT_STATE_IDENTITY', at('wide'));
    await refused(/mode is 640/, 'E-STATE-KEY');
    vi.stubEnv('KBOOT_STATE_IDENTITY', at('absent'));
    await refused(/does not exist/, 'E-STATE-KEY');
    vi.stubEnv('KBOOT_STATE_IDENTITY', '');
    await refused(/none was given/, 'E-STATE-KEY');
  });

  it('a newer format, no description, no archive', async () => {
    const archive = await packState(about, new Map([['pki/ca.crt', Buffer.from('x')]]));
    await put(Buffer.from(archive.toString('latin1').replace('"format": 1', '"format": 2'), 'latin1'));
    await refused(/newer kboot: its format is 2/);
    await put(Buffer.from(archive.toString('latin1').replace('"format": 1', '"former": 1'), 'latin1'));
    await refused(/is not a copy of a state folder/);
    await put(Buffer.from('hello'));
    await refused(/archive|not a copy/);
  });

  it.each<readonly [string, readonly (Partial<Header> & { name: string; text?: string })[]]>([
    ['a path out of the folder', [{ name: 'pki/../../x', text: 'x' }]],
    ['an absolute path', [{ name: '/etc/passwd', text: 'x' }]],
    ['a link', [{ name: 'pki/ca.key', type: 'symlink', linkname: '/etc/shadow' }]],
    ['a hard link', [{ name: 'pki/ca.key', type: 'link', linkname: 'cluster-id' }]],
    ['a device', [{ name: 'pki/null', type: 'character-device' }]],
    ['a folder', [{ name: 'pki', type: 'directory' }]],
    ['the lock', [{ name: 'lock', text: 'x' }]],
    ['its own records', [{ name: 'copy.json', text: '{}' }]],
    ['the record of a pull', [{ name: 'pull.json', text: '{}' }]],
    ['a run log', [{ name: 'runs/x', text: 'x' }]],
    [
      'a file twice',
      [
        { name: 'pki/ca.key', text: 'x' },
        { name: 'pki/ca.key', text: 'y' },
      ],
    ],
    [
      'a file that is a folder too',
      [
        { name: 'pki', text: 'x' },
        { name: 'pki/ca.key', text: 'y' },
      ],
    ],
  ])('an archive with %s', async (_what, entries) => {
    await put(await tar(...entries));
    await refused(/contains/);
  });

  it('an entry with odd modes is still private here', async () => {
    await put(await tar({ name: 'pki/ca.key', mode: 0o6777, uid: 4711, text: 'x' }));
    await pull(b);
    expect(statSync(at('b/pki/ca.key')).mode & 0o7777).toBe(0o600);
    expect(statSync(at('b/pki')).mode & 0o7777).toBe(0o700);
  });
});

describe('for any folder', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .map((text) => text.normalize('NFC').replaceAll(/[/\0\ud800-\udfff]/gu, '_'))
    .filter((text) => text !== '.' && text !== '..' && Buffer.byteLength(text) < 200);
  const top = fc.constantFrom('pki', 'encryption', 'vagrant_known_hosts', 'später', 'a b', 'rotation.json');
  const folder = fc.dictionary(
    fc.tuple(top, fc.array(name, { maxLength: 3 })).map(([first, rest]) => [first, ...rest].join('/')),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    { minKeys: 1, maxKeys: 12 },
  );
  const put = (dir: string, files: Readonly<Record<string, Buffer>>): void => {
    for (const [path, bytes] of Object.entries(files))
      try {
        const full = `${dir}/${path}`;
        mkdirSync(full.slice(0, full.lastIndexOf('/')), { recursive: true, mode: 0o700 });
        writeFileSync(full, bytes);
      } catch {
        // A file where another path has a folder.
      }
  };

  it('a pull gives what was pushed', async () => {
    await fc.assert(
      fc.asyncProperty(folder, folder, async (files, others) => {
        for (const each of ['x', 'y', 'xy.age']) rmSync(at(each), { recursive: true, force: true });
        const [x, y] = [
          siteOf(at('x'), at('xy.age'), [alice.recipient]),
          siteOf(at('y'), at('xy.age'), [alice.recipient]),
        ];
        put(x.dir, files);
        const pushed = await readStateFiles(x);
        fc.pre(pushed.size > 0);
        await pushState(x);
        put(y.dir, others);
        await pull(y, yes);
        expect(digestOf(await readStateFiles(y))).toBe(digestOf(pushed));
        expect([...(await readStateFiles(y)).keys()]).toEqual([...pushed.keys()]);
      }),
      { numRuns: 40 },
    );
  });

  it('a copy with a flipped bit is refused', async () => {
    await pushState(a);
    const whole = readFileSync(a.target);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (index, bit) => {
        const bytes = Buffer.from(whole);
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        writeFileSync(b.target, bytes);
        await expect(pull(b)).rejects.toMatchObject({
          code: expect.stringMatching(/^E-STATE-(COPY|KEY)$/) as string,
        });
        expect(existsSync(b.dir)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
