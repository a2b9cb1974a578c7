import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { readInventory } from '../../src/app/read-inventory.ts';
import { isBeside, readUpload } from '../../src/store/uploads.ts';
import { freshFolder } from '../cli/folder.ts';
import { kboot } from '../cli/run.ts';
import { inventoryWith } from '../samples/inventory-options.ts';

const at = freshFolder();
const secret = 'hunter2-in-a-file';

/** What an offline plan of files with these sources or contents shows. */
async function plan(...files: readonly string[]): Promise<string> {
  mkdirSync(at('repo'), { recursive: true });
  const list = files.map((file, index) => `{path: /etc/own/${index}, ${file}}`);
  writeFileSync(at('repo/mine.yaml'), inventoryWith([`files: [${list.join(', ')}]`]));
  const text = await kboot('plan', at('repo/mine.yaml'), '--offline', '--verbose');
  const json = await kboot('plan', at('repo/mine.yaml'), '--offline', '-o', 'json');
  expect([text.error, json.error]).toEqual([undefined, undefined]);
  return text.out + json.out;
}

describe('a file of this machine that an inventory names', () => {
  it('is shown if it is beside the inventory', async () => {
    mkdirSync(at('repo/files'), { recursive: true });
    writeFileSync(at('repo/files/motd'), 'hello from the file');
    expect(await plan('source: ./files/motd')).toContain('hello from the file');
  });

  it.each([
    ['outside of its folder', 'outside', '../outside'],
    ['by an absolute path', 'outside', 'ABSOLUTE'],
    ['hidden', 'repo/.env', './.env'],
    ['in a state folder', 'repo/.kboot/test/pki/x', './.kboot/test/pki/x'],
    ['through a link', 'outside', './link'],
  ])('is shown only by its digest if it is %s', async (_what, file, source) => {
    mkdirSync(at('repo/.kboot/test/pki'), { recursive: true });
    writeFileSync(at(file), secret);
    symlinkSync(at('outside'), at('repo/link'));
    const shown = await plan(`source: ${source.replace('ABSOLUTE', at(file))}`);
    expect(shown).not.toContain(secret);
    expect(shown).toContain('sha256');
  });

  it('in a git repository may be in another folder of it, and not in .git', () => {
    mkdirSync(at('repo/.git'), { recursive: true });
    mkdirSync(at('repo/inventories'));
    for (const name of ['repo/inventories/a.yaml', 'repo/motd', 'repo/.git/config', 'motd'])
      writeFileSync(at(name), 'x');
    const inventory = at('repo/inventories/a.yaml');
    expect(isBeside(at('repo/motd'), inventory)).toBe(true);
    expect(isBeside(at('repo/.git/config'), inventory)).toBe(false);
    expect(isBeside(at('motd'), inventory)).toBe(false);
    expect(realpathSync(at('motd'))).toContain('motd');
  });

  it('must be a file: a device or a pipe would be read for ever', () => {
    expect(readUpload('/dev/zero')).toBe('is not a file');
    expect(readUpload('/dev/null')).toBe('is not a file');
  });
});

describe('a content', () => {
  it.each([
    ['a key', 'content: "-----BEGIN PRIVATE KEY-----\\nhunter2\\n"'],
    ['a password', 'content: "user: x\\npassword: hunter2\\n"'],
    ['a URL with a password', 'content: "proxy = http://u:hunter2@10.0.0.1"'],
  ])('with %s is shown only by its digest', async (_what, file) => {
    expect(await plan(file)).not.toContain('hunter2');
  });

  it('with something of the environment is shown only by its digest', async () => {
    vi.stubEnv('AWS_SESSION', secret);
    expect(await plan('content: "x ${AWS_SESSION}", substitute: true')).not.toContain(secret);
    vi.unstubAllEnvs();
  });
});

it('a password of kboot is not that of a registry, and other variables are', async () => {
  vi.stubEnv('KBOOT_SUDO_PASSWORD', secret);
  vi.stubEnv('HARBOR', secret);
  const file = (variable: string): string => {
    writeFileSync(
      at('mine.yaml'),
      inventoryWith([
        `containerd: {registries: [{host: harbor.example.com, credentials: {username: x, passwordEnv: ${variable}}}]}`,
      ]),
    );
    return at('mine.yaml');
  };
  await expect(readInventory(file('KBOOT_SUDO_PASSWORD'))).rejects.toThrow('is for kboot itself');
  expect((await readInventory(file('HARBOR'))).cluster.name).toBe('test');
  vi.unstubAllEnvs();
});
