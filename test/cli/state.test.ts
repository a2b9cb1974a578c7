import '../view/no-color.ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { inventoryWith } from '../samples/inventory-options.ts';
import { identityFile, newPerson, sample, tree, write, type Person } from '../app/state/site.ts';
import { freshFolder } from './folder.ts';
import { kboot, type Ended } from './run.ts';

const at = freshFolder();
let alice: Person;
beforeAll(async () => {
  alice = await newPerson();
});
beforeEach(() => {
  writeFileSync(
    at('prod.yaml'),
    inventoryWith([`state: {recipients: [${alice.recipient}], copy: team/prod.age}`]),
  );
  write(at('.kboot/test'), sample);
  mkdirSync(at('team'));
  vi.stubEnv('KBOOT_STATE_IDENTITY', identityFile(at('id'), alice));
});
afterEach(() => {
  vi.unstubAllEnvs();
});
const state = (action: string, ...words: string[]): Promise<Ended> =>
  kboot('state', action, at('prod.yaml'), ...words);
const shown = ({ out }: Ended): string => out.replaceAll(at(), 'DIR');

describe('kboot state', () => {
  it('pushes to the file of the inventory, shows, and pulls after the folder was lost', async () => {
    expect(await state('show')).toMatchObject({ exit: 2, error: undefined });
    const pushed = await state('push');
    expect(shown(pushed)).toBe(
      'DIR/team/prod.age written: generation 1, 5 files of the state folder, encrypted\n',
    );
    expect(shown(await state('push'))).toBe(
      'DIR/team/prod.age is up to date (generation 1); it was not touched\n',
    );
    expect(await state('show')).toMatchObject({ exit: 0 });
    rmSync(at('.kboot'), { recursive: true });
    expect(await state('show')).toMatchObject({
      exit: 2,
      out: expect.stringContaining('state pull') as string,
    });
    expect(shown(await state('pull'))).toMatch(
      /^DIR\/\.kboot\/test written: 5 files of DIR\/team\/prod\.age \(generation 1, pushed by \S+@\S+ at \S+Z\)\nNext: kboot plan /,
    );
    expect(tree(at('.kboot/test'))).toEqual(sample);
  });

  it('prints events with -o json', async () => {
    const out = async (...words: [string, ...string[]]): Promise<unknown> =>
      JSON.parse((await state(...words, '-o', 'json')).out);
    expect(await out('show')).toMatchObject({ type: 'state', comparison: 'absent' });
    expect(await out('push', at('other.age'))).toMatchObject({
      type: 'state-pushed',
      copy: at('other.age'),
      generation: 1,
    });
    rmSync(at('.kboot'), { recursive: true });
    expect(await out('pull', at('other.age'))).toMatchObject({
      type: 'state-pulled',
      written: true,
      files: 5,
    });
  });

  it('asks before it overwrites, also with --force, and needs a terminal or --yes for it', async () => {
    await state('push');
    write(at('.kboot/test'), { 'rotation.json': 'x' });
    expect((await state('pull')).error).toMatchObject({ code: 'E-STATE-COPY' });
    expect((await state('pull', '--force')).error).toMatchObject({ code: 'E-USAGE' });
    expect(await state('pull', '--force', '--yes')).toMatchObject({ exit: 0, error: undefined });
    expect(existsSync(at('.kboot/test/rotation.json'))).toBe(false);
  });

  it.each([
    [['show', '--force'], '--force'],
    [['push', '--identity', 'x'], '--identity'],
    [['pull', '--yes'], '--yes without --force'],
  ])('refuses %j', async ([action = '', ...words], flag) => {
    expect((await state(action, ...words)).error).toMatchObject({
      code: 'E-USAGE',
      message: expect.stringContaining(flag) as string,
    });
  });

  it('creates no folder for a copy: a disk may not be mounted', async () => {
    expect((await state('push', at('other/prod.age'))).error).toMatchObject({ code: 'E-STATE-COPY' });
    expect(existsSync(at('other'))).toBe(false);
  });

  it('refuses a copy inside the state folder, and no file at all', async () => {
    expect((await state('push', at('.kboot/test/copy.age'))).error).toMatchObject({
      message: expect.stringContaining('is inside the state folder') as string,
    });
    writeFileSync(at('prod.yaml'), inventoryWith());
    expect((await state('push')).error).toMatchObject({
      code: 'E-USAGE',
      message: 'the file of the copy is not named',
    });
  });
});

describe('with spec.state.encryptKeys', () => {
  const keysOf = (dir: string): readonly string[] =>
    Object.entries(tree(dir)).flatMap(([path, text]) => (path.endsWith('.key') ? [text] : []));
  const inventory = (line: string): void => {
    writeFileSync(at('prod.yaml'), inventoryWith([line, 'encryption: {provider: secretbox}']));
  };
  beforeEach(() => {
    rmSync(at('.kboot'), { recursive: true });
    inventory(`state: {recipients: [${alice.recipient}], encryptKeys: true}`);
  });

  it('no private key lies on this disk, not in rendered files either, and kubeconfig has it', async () => {
    expect(await kboot('render', at('prod.yaml'), '--out', at('out'))).toMatchObject({ error: undefined });
    const keys = keysOf(at('.kboot/test'));
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((text) => !text.startsWith('-----BEGIN AGE ENCRYPTED FILE-----'))).toEqual([]);
    const rendered = readdirSync(at('out'), { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8')] : [],
    );
    expect(rendered.filter((text) => /PRIVATE KEY|client-key-data|secret: \S/.test(text))).toEqual([]);
    expect(await kboot('render', at('prod.yaml'), '--out', at('all'), '--with-secrets')).toMatchObject({
      error: { code: 'E-USAGE', message: '--with-secrets contradicts spec.state.encryptKeys' },
    });
    expect(existsSync(at('all'))).toBe(false);
    expect((await kboot('kubeconfig', at('prod.yaml'))).out).toContain('client-key-data: ');
    expect((await kboot('plan', at('prod.yaml'), '--offline')).error).toBeUndefined();
    expect(JSON.parse((await state('show', '-o', 'json')).out)).toMatchObject({
      ...{ keys: keys.length, encryptedKeys: keys.length, settled: true },
    });
  });

  it('without the identity, what needs a key says so, and the rest works', async () => {
    await kboot('render', at('prod.yaml'), '--out', at('out'));
    vi.stubEnv('KBOOT_STATE_IDENTITY', '');
    // As another process: the record of the keys is not one that was decrypted here.
    const text = readFileSync(at('.kboot/test/key-encryption.json'), 'utf8');
    const { identities, ...rest } = JSON.parse(text) as { identities: string };
    const other = { ...rest, identities: identities.replace('FILE-----\n', 'FILE-----\r\n') };
    writeFileSync(at('.kboot/test/key-encryption.json'), JSON.stringify(other));
    for (const verb of ['kubeconfig', 'plan'])
      expect((await kboot(verb, at('prod.yaml'))).error).toMatchObject({ code: 'E-STATE-KEY', exit: 3 });
    for (const verb of ['validate', 'unlock'])
      expect(await kboot(verb, at('prod.yaml'))).toMatchObject({ exit: 0 });
    expect(await state('show')).toMatchObject({ exit: 0 });
    expect(await state('push', at('team/x.age'))).toMatchObject({ exit: 0 });
  });

  it('keys that are there are encrypted by rekey, which plan tells before', async () => {
    inventory('state: {}');
    await kboot('render', at('prod.yaml'), '--out', at('out'));
    inventory(`state: {recipients: [${alice.recipient}], encryptKeys: true}`);
    expect((await kboot('plan', at('prod.yaml'), '--offline')).out).toContain('encrypts the private keys');
    expect(await state('show')).toMatchObject({ exit: 2 });
    const count = keysOf(at('.kboot/test')).length;
    expect(shown(await state('rekey'))).toBe(
      `${count} private keys rewritten\n${count} private keys in DIR/.kboot/test, encrypted\n`,
    );
    expect(keysOf(at('.kboot/test')).join()).not.toContain('PRIVATE KEY');
    inventory('state: {}');
    expect(JSON.parse((await state('rekey', '-o', 'json')).out)).toMatchObject({
      rewritten: count,
      encryptedKeys: 0,
    });
    expect(await state('show')).toMatchObject({ exit: 0 });
  });
});

describe('other commands, with spec.state.copy', () => {
  it('up refuses an outdated state folder before it contacts a host', async () => {
    await state('push');
    rmSync(at('.kboot'), { recursive: true });
    const ended = await kboot('up', at('prod.yaml'), '--yes');
    expect(ended.error).toMatchObject({
      code: 'E-STATE-COPY',
      message: expect.stringContaining('state pull') as string,
    });
    expect(existsSync(at('.kboot'))).toBe(false);
  });

  it('up needs a passphrase before it contacts a host, since it could not push otherwise', async () => {
    writeFileSync(at('prod.yaml'), inventoryWith(['state: {copy: team/prod.age}']));
    for (const name of ['KBOOT_STATE_PASSPHRASE', 'KBOOT_STATE_PASSPHRASE_FILE']) vi.stubEnv(name, '');
    expect((await kboot('up', at('prod.yaml'), '--yes')).error).toMatchObject({ code: 'E-STATE-KEY' });
  });

  it('plan says that both differ', async () => {
    rmSync(at('.kboot'), { recursive: true });
    expect((await kboot('plan', at('prod.yaml'), '--offline')).err).toContain('there is no copy');
    write(at('.kboot/test'), sample);
    await state('push');
    rmSync(at('.kboot'), { recursive: true });
    const { err } = await kboot('plan', at('prod.yaml'), '--offline');
    expect(err).toContain('somebody has pushed to');
    expect(readFileSync(at('prod.yaml'), 'utf8')).toContain('copy:');
  });
});
